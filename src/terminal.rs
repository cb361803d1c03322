//! Who may print: data to stdout, everything else to stderr, in colour if requested.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anstream::AutoStream;
pub use anstream::ColorChoice;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The width without a terminal, in cells.
const USUAL_WIDTH: usize = 80;

/// The longest line, in cells, however wide the terminal is.
const WIDEST: usize = 120;

/// The shortest line limit, in cells, however narrow the terminal is.
const NARROWEST: usize = 40;

/// How often progress is shown without a terminal.
const STEADY: Duration = Duration::from_secs(5);

/// The process's streams.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// When to use colour.
    pub color: ColorChoice,
    /// Whether only data and errors are printed.
    pub quiet: bool,
}

/// Progress through a number of steps, on stderr.
pub struct Progress {
    bar: Option<ProgressBar>,
    terminal: Terminal,
    what: &'static str,
    total: usize,
    done: usize,
    told: Instant,
}

/// Prints lines while progress is shown.
#[derive(Clone)]
pub struct Aside {
    bar: Option<ProgressBar>,
    terminal: Terminal,
}

impl Aside {
    /// Prints a line to stderr, above the bar if there is one, unless `--quiet` is set.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => self.terminal.say(text),
        }
    }
}

impl Terminal {
    /// Prints data.
    ///
    /// # Errors
    /// The system's error; a closed pipe is not an error.
    pub fn data(self, text: &str) -> io::Result<()> {
        let mut stream = AutoStream::new(io::stdout(), self.choice(&io::stdout()));
        match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Prints something for the person who runs the command, unless they want quiet.
    pub fn say(self, text: &str) {
        if !self.quiet {
            self.tell(text);
        }
    }

    /// Prints something that must not be missed to stderr.
    pub fn tell(self, text: &str) {
        let mut stream = AutoStream::new(io::stderr(), self.choice(&io::stderr()));
        // Without stderr, its error cannot be reported.
        let _ = writeln!(stream, "{}", text.trim_end_matches('\n'));
    }

    /// The width that text on stdout should keep to, in cells.
    pub fn width(self) -> usize {
        let cells = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        cells.map_or(USUAL_WIDTH, |cells| cells.clamp(NARROWEST, WIDEST))
    }

    /// Whether stderr is in colour.
    pub fn stderr_in_color(self) -> bool {
        self.choice(&io::stderr()) != ColorChoice::Never
    }

    /// Whether stdout is in colour.
    pub fn stdout_in_color(self) -> bool {
        self.choice(&io::stdout()) != ColorChoice::Never
    }

    /// Asks for a `yes`; anything else means no.
    ///
    /// # Errors
    /// The system's error.
    pub fn confirm(self, question: &str) -> io::Result<bool> {
        let mut stream = AutoStream::new(io::stderr(), self.choice(&io::stderr()));
        write!(stream, "{question} ")?;
        stream.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(answer.trim() == "yes")
    }

    /// Whether somebody can answer a question.
    pub fn can_ask(self) -> bool {
        io::stdin().is_terminal()
    }

    /// Starts to show progress: a bar on a terminal, a line every few seconds elsewhere.
    pub fn progress(self, what: &'static str, total: usize) -> Progress {
        let draws = io::stderr().is_terminal() && !self.quiet;
        let bar = draws.then(|| {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            let template = "{msg} [{bar:30}] {pos}/{len} {eta}";
            bar.set_style(
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.set_message(what);
            bar
        });
        Progress { bar, terminal: self, what, total, done: 0, told: Instant::now() }
    }

    fn choice(self, stream: &impl anstream::stream::RawStream) -> ColorChoice {
        if self.color == ColorChoice::Auto { AutoStream::choice(stream) } else { self.color }
    }
}

impl Progress {
    /// Counts one more step as done.
    pub fn step(&mut self) {
        self.done += 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if self.told.elapsed() >= STEADY => {
                self.told = Instant::now();
                self.terminal.say(&format!("{}: {} of {}", self.what, self.done, self.total));
            }
            None => {}
        }
    }

    /// Returns a handle that prints lines meanwhile.
    pub fn aside(&self) -> Aside {
        Aside { bar: self.bar.clone(), terminal: self.terminal }
    }

    /// Names the current work from now on.
    pub fn turn_to(&mut self, what: &'static str) {
        self.what = what;
        if let Some(bar) = &self.bar {
            bar.set_message(what);
        }
    }

    /// Removes the bar.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
