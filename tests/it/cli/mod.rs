//! The command line: the real binary, what it prints, and how it ends.
//!
//! The harness cannot be used carelessly: a run has no environment but what a test gives it, an empty folder of
//! its own to run in and another for temporary files, an end after a minute, and it must not panic.

mod access;
mod adoption;
mod annotations;
mod applied;
mod base;
mod check;
mod checkouts;
#[cfg(unix)]
mod ci;
mod clock;
mod codeowners;
mod company;
mod counts;
mod demo;
mod doctor;
mod echoes;
mod emulator;
mod examples;
mod exits;
mod explain;
mod formatting;
mod generated;
mod grants;
mod guards;
mod history;
mod hostile;
#[cfg(unix)]
mod interrupt;
mod journal;
#[cfg(unix)]
mod kill;
#[cfg(unix)]
mod kubernetes;
mod login;
mod mcp;
mod messages;
#[cfg(unix)]
mod nginx;
mod pace;
mod pages;
mod picture;
mod proxies;
mod prune;
mod rename;
mod review;
mod reviewed;
mod secrets;
mod sites;
mod snapshot;
mod streams;
mod trees;
mod undo;
mod users;

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{fs, future};

use axum::Router;
use rollbook::sandbox::{self, Options, Sandbox, Seed};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use walkdir::WalkDir;

/// The day on which the examples live.
pub(crate) const TODAY: &str = "2026-11-22";

/// The longest that a run may take, so that one that hangs fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something on loopback, for as long as it is held.
pub(crate) struct Served {
    pub(crate) url: String,
    runtime: Option<Runtime>,
}

impl Served {
    /// Serves a router.
    pub(crate) fn router(router: Router) -> Self {
        Self::with(|listener| async move { axum::serve(listener, router).await.unwrap() })
    }

    fn with<F: Future<Output = ()> + Send + 'static>(serve: impl FnOnce(TcpListener) -> F) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(serve(listener));
        Self { url, runtime: Some(runtime) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// A sandbox on loopback.
pub(crate) struct Site {
    pub(crate) sandbox: Sandbox,
    served: Served,
}

impl Site {
    /// A sandbox with this seed.
    pub(crate) fn of(seed: &str) -> Self {
        Self::with(seed, &Options::default())
    }

    fn with(seed: &str, options: &Options) -> Self {
        let sandbox = Sandbox::new(&Seed::parse(seed).unwrap(), options).unwrap();
        let running = sandbox.clone();
        let served = Served::with(|listener| async move {
            sandbox::serve(&running, listener, future::pending()).await.unwrap();
        });
        Self { sandbox, served }
    }

    /// The sandbox of an example that takes a while over every answer.
    pub(crate) fn slow(seed: &str, latency: Duration) -> Self {
        Self::with(seed, &Options { latency, ..Options::default() })
    }

    /// The sandbox of an example.
    pub(crate) fn example(name: &str) -> Self {
        Self::of(&seed_of(name))
    }

    pub(crate) fn url(&self) -> &str {
        &self.served.url
    }

    /// How often each route was asked, whatever the answer.
    pub(crate) fn asked(&self) -> Vec<(String, u64)> {
        let log = self.sandbox.requests();
        log.counts.keys().map(|route| (route.clone(), log.count(route))).collect()
    }
}

/// The folder of an example.
pub(crate) fn example(name: &str) -> String {
    repository().join("examples").join(name).display().to_string()
}

/// The seed of an example.
pub(crate) fn seed_of(name: &str) -> String {
    fs::read_to_string(Path::new(&example(name)).join("sandbox.yaml")).unwrap()
}

/// The files of an example's tree.
pub(crate) fn files_of(name: &str) -> Vec<(String, String)> {
    let text = |(path, bytes)| (path, String::from_utf8(bytes).unwrap());
    files_below(Path::new(&example(name))).into_iter().map(text).collect()
}

/// What the files below a folder hold, by their paths in it.
type Files = Vec<(String, Vec<u8>)>;

fn files_below(root: &Path) -> Files {
    let entries = WalkDir::new(root).into_iter().map(Result::unwrap).filter(|it| it.file_type().is_file());
    let name = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
    entries.map(|it| (name(it.path()), fs::read(it.path()).unwrap())).collect()
}

fn write_below(root: &Path, files: &Files) {
    for (path, bytes) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A run of the binary that has not started.
pub(crate) struct Rollbook {
    command: Command,
    home: TempDir,
    line: String,
    input: Option<String>,
    hidden: Vec<(String, &'static str)>,
}

/// Prepares a run with arguments.
pub(crate) fn rollbook<A: AsRef<str>>(arguments: impl IntoIterator<Item = A>) -> Rollbook {
    let home = tempfile::tempdir().unwrap();
    for folder in ["work", "tmp"] {
        fs::create_dir(home.path().join(folder)).unwrap();
    }
    let arguments: Vec<String> = arguments.into_iter().map(|argument| argument.as_ref().into()).collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollbook"));
    command.args(&arguments);
    // A run on a tree of the repository must leave nothing in it.
    let there = arguments.iter().any(|argument| Path::new(argument).starts_with(repository()));
    let applies = arguments.iter().any(|argument| argument == "apply");
    if there && applies && !arguments.iter().any(|argument| argument == "--journal") {
        command.arg("--journal").arg(home.path().join("journal.jsonl"));
    }
    command.env_clear().env("TMPDIR", home.path().join("tmp"));
    command.current_dir(home.path().join("work"));
    let mut hidden = Vec::new();
    for path in [home.path().canonicalize().unwrap(), home.path().to_path_buf()] {
        hidden.push((path.display().to_string(), "[home]"));
    }
    hidden.push((repository().display().to_string(), "[repository]"));
    hidden.push((format!("rollbook {}", env!("CARGO_PKG_VERSION")), "rollbook [version]"));
    Rollbook { command, home, line: arguments.join(" "), input: None, hidden }
}

impl Rollbook {
    /// Sets the variables that make it use a site.
    pub(crate) fn at(mut self, site: &Site) -> Self {
        for (name, value) in site.sandbox.exports(site.url()) {
            self.command.env(name, value);
        }
        self.hides(site.url(), "[site]")
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn env_os(mut self, name: &str, value: &OsStr) -> Self {
        self.command.env(name, value);
        self
    }

    /// Has another program start it, with its own arguments before the binary's.
    pub(crate) fn wrapped(mut self, wrapper: &[&str]) -> Self {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(self.command.get_program()).args(self.command.get_args());
        command.env_clear().envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(self.command.get_current_dir().unwrap());
        self.command = command;
        self
    }

    /// Writes files into the folder that it starts in.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.folder().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Starts in a folder inside of its own.
    pub(crate) fn within(mut self, folder: &str) -> Self {
        let folder = self.folder().join(folder);
        fs::create_dir_all(&folder).unwrap();
        self.command.current_dir(folder);
        self
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// What it reads.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Shows something else instead of a text, with the port or the host where it is a URL.
    pub(crate) fn hides(mut self, text: &str, shown: &'static str) -> Self {
        self.hidden.push((text.into(), shown));
        if let Some((_, host)) = text.split_once("://") {
            self.hidden.push((host.into(), "[host]"));
        }
        self
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Running {
        let input = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        if let Some(text) = &self.input {
            // It may have ended without reading.
            let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        }
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        Running { child, stdout, stderr, run: self }
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ran {
        self.start().end()
    }
}

/// A run that has started.
pub(crate) struct Running {
    pub(crate) child: Child,
    /// Taken by a test that reads on its own, or wants it gone.
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
    run: Rollbook,
}

impl Running {
    /// Sends it a signal, such as `INT`.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Ran {
        self.end_within(PATIENCE)
    }

    /// The same, for so long.
    pub(crate) fn end_within(mut self, patience: Duration) -> Ran {
        let stdout = self.stdout.take().map(read_on);
        let stderr = self.stderr.take().map(read_on);
        let deadline = Instant::now() + patience;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break Some(status);
            }
            if Instant::now() > deadline {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                break None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let read =
            |reader: Option<JoinHandle<String>>| reader.map_or_else(String::new, |it| it.join().unwrap());
        let (stdout, stderr) = (read(stdout), read(stderr));
        let left = fs::read_dir(self.run.home.path().join("tmp")).unwrap();
        let left = left.map(|entry| entry.unwrap().file_name().display().to_string()).collect();
        let code = status.and_then(|status| status.code());
        let Rollbook { home, line, hidden, .. } = self.run;
        let ran = Ran { code, stdout, stderr, left, home, line, hidden };
        assert!(status.is_some(), "it did not end:\n{ran}");
        assert!(!ran.stderr.contains("panicked"), "it panicked:\n{ran}");
        ran
    }
}

fn read_on(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).expect("what is printed is UTF-8")
    })
}

/// What a run came to. Its `Display` is for snapshots: what differs from machine to machine does not show.
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// What is left in the folder for temporary files.
    pub(crate) left: Vec<String>,
    home: TempDir,
    line: String,
    hidden: Vec<(String, &'static str)>,
}

impl Ran {
    /// The folder that its files are in.
    pub(crate) fn folder(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// Stdout as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    /// Asserts how it ended, showing everything where it did not.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or("a signal".into(), |code| code.to_string());
        let mut text = format!("$ rollbook {}\nexit {code}\n", self.line);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                let _ = write!(text, "──── {name}\n{stream}");
            }
        }
        for (hidden, shown) in &self.hidden {
            text = text.replace(hidden, shown);
        }
        f.write_str(&without_hashes(&without_fingerprints(&text)))
    }
}

/// Hides the last hash of a journal, which holds times.
fn without_hashes(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("Last hash: ") {
        Some(hash) if hash.trim_end().len() == 64 => "Last hash: [hash]\n".to_owned(),
        Some(_) | None => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Shows how long each fingerprint is instead of the digits.
fn without_fingerprints(text: &str) -> String {
    let mut parts = text.split("fingerprint");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let rest = part.trim_start_matches([' ', '"', ':']);
        let (between, tail) = (&part[..part.len() - rest.len()], rest.trim_start_matches(is_digit));
        let digits = rest.len() - tail.len();
        shown.push_str("fingerprint");
        shown.push_str(between);
        if digits >= 8 {
            let _ = write!(shown, "[{digits} digits]{tail}");
        } else {
            shown.push_str(rest);
        }
    }
    shown
}
