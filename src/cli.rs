//! The command line: what can be asked for, and how a run starts and ends.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::commands::{self, Session};
use crate::environment::VARIABLES;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::ErrorExt as _;
use crate::render::harmless;
use crate::terminal::{ColorChoice, Terminal};

/// Keeps who may enter an Atlassian Cloud site in git: declare, plan and apply access.
#[derive(Debug, Parser)]
#[command(name = "rollbook", version, max_term_width = 100, after_help = after_help())]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Common {
    /// The tree's folder [default: the nearest one upwards with a rollbook.yaml]
    #[arg(short = 'C', long, value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: Color,
    /// Print data and errors only
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more about what happens; twice, every request
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    verbose: u8,
    /// The day to judge `until` by [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD", global = true, value_parser = day)]
    today: Option<Date>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the tree: every mistake, with its place and what to do
    Check(commands::check::Arguments),
    /// Bring every file of the tree into one form, which keeps comments and meaning
    Fmt(commands::fmt::Arguments),
    /// Rename a person or a group in every file of the tree, and in its lock
    Rename(commands::rename::Arguments),
    /// Try each credential: what it may do, and what cannot be done without it
    Doctor(commands::doctor::Arguments),
    /// Say why somebody is in a group by the tree, every way with its place; of others, what the site has
    Explain(commands::explain::Arguments),
    /// Declare what is live and not in the tree, or start a tree with it
    Import(commands::import::Arguments),
    /// Take out entries whose day has come, once live has nobody of them any more
    Prune(commands::prune::Arguments),
    /// Write who reviews which file of the tree into the repository's CODEOWNERS
    Codeowners(commands::codeowners::Arguments),
    /// Write down which account and which group each declared name means
    Lock(commands::lock::Arguments),
    /// Show what would change
    Plan(commands::plan::Arguments),
    /// Write what is live into a file, for a plan without credentials
    ///
    /// It reads more than a plan does, so that a pull request can ask for what the tree does not: every user, and the
    /// groups of everybody declared, which with Jira alone is a request a person. It holds no secret; docs/trust.md says
    /// whom it shows.
    Snapshot(commands::snapshot::Arguments),
    /// List who is on the site, with their groups and when they were last seen
    ///
    /// With Jira it reads the members of every group, a request for each 50 of them. When somebody was last active, the
    /// organization alone tells, and what is not known is said.
    Users(commands::users::Arguments),
    /// Print a saved plan again
    Show(commands::show::Arguments),
    /// Change what the plan says, and say what became of it
    Apply(commands::apply::Arguments),
    /// Plan, comment and apply as a job of GitHub Actions, GitLab CI/CD or Bitbucket Pipelines
    Ci(commands::ci::Arguments),
    /// List, check or show what applies wrote down
    Journal(commands::journal::Arguments),
    /// Take back what a journal says was done
    Undo(commands::undo::Arguments),
    /// See the whole loop on a built-in sandbox, with no account anywhere
    Demo(commands::demo::Arguments),
    /// Serve an emulated site on loopback
    Sandbox(commands::sandbox::Arguments),
    /// Print a JSON Schema: of the tree's files, or of a plan
    Schema(commands::generated::SchemaArguments),
    /// Print a completion script for a shell
    Completions(commands::generated::CompletionsArguments),
    /// Print the manual page
    Man,
}

/// Runs the command line of this process.
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // There is nowhere left to say that a stream is gone.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let session = cli.common.session();
    if let Some(error) = cli.common.unused(&cli.command) {
        report(session.terminal, &error);
        return error.exit();
    }
    commands::log(cli.common.verbose, session.terminal.stderr_in_color());
    let result = match cli.command {
        Command::Check(arguments) => commands::check::run(&session, &arguments),
        Command::Fmt(arguments) => commands::fmt::run(&session, &arguments),
        Command::Rename(arguments) => commands::rename::run(&session, &arguments),
        Command::Doctor(arguments) => commands::doctor::run(&session, &arguments),
        Command::Explain(arguments) => commands::explain::run(&session, &arguments),
        Command::Import(arguments) => commands::import::run(&session, &arguments),
        Command::Prune(arguments) => commands::prune::run(&session, &arguments),
        Command::Codeowners(arguments) => commands::codeowners::run(&session, &arguments),
        Command::Lock(arguments) => commands::lock::run(&session, &arguments),
        Command::Plan(arguments) => commands::plan::run(&session, &arguments),
        Command::Snapshot(arguments) => commands::snapshot::run(&session, &arguments),
        Command::Users(arguments) => commands::users::run(&session, &arguments),
        Command::Show(arguments) => commands::show::run(&session, &arguments),
        Command::Apply(arguments) => commands::apply::run(&session, &arguments),
        Command::Ci(arguments) => commands::ci::run(&session, &arguments),
        Command::Journal(arguments) => commands::journal::run(&session, &arguments),
        Command::Undo(arguments) => commands::undo::run(&session, &arguments),
        Command::Demo(arguments) => commands::demo::run(&session, &arguments),
        Command::Sandbox(arguments) => commands::sandbox::run(&session, &arguments),
        Command::Schema(arguments) => commands::generated::schema(&session, &arguments),
        Command::Completions(arguments) => {
            commands::generated::completions(&session, &arguments, &mut Cli::command())
        }
        Command::Man => commands::generated::man(&session, Cli::command()),
    };
    result.unwrap_or_else(|error| {
        report(session.terminal, &error);
        error.exit()
    })
}

fn report(terminal: Terminal, error: &Error) {
    terminal.tell(&format!("error: {}", harmless(&error.chain())));
    if let Some(help) = error.help() {
        terminal.tell(&format!("help: {help}"));
    }
}

impl Common {
    /// What a command would not look at is refused: it was given for a reason.
    fn unused(&self, command: &Command) -> Option<Error> {
        let reads_tree = match command {
            Command::Demo(_)
            | Command::Sandbox(_)
            | Command::Schema(_)
            | Command::Completions(_)
            | Command::Man => false,
            Command::Check(_)
            | Command::Fmt(_)
            | Command::Rename(_)
            | Command::Doctor(_)
            | Command::Explain(_)
            | Command::Import(_)
            | Command::Prune(_)
            | Command::Codeowners(_)
            | Command::Lock(_)
            | Command::Plan(_)
            | Command::Snapshot(_)
            | Command::Users(_)
            | Command::Apply(_)
            | Command::Ci(_)
            | Command::Journal(_)
            | Command::Show(_)
            | Command::Undo(_) => true,
        };
        if self.dir.is_some() && !reads_tree {
            return Some(Error::Usage("this command reads no tree: leave --dir (-C) out".to_owned()));
        }
        let says_nothing = self.today.is_some() && !reads_tree;
        says_nothing.then(|| Error::Usage("this command asks for no day: leave --today out".to_owned()))
    }

    fn session(&self) -> Session {
        let color = match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let today =
            self.today.unwrap_or_else(|| jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date());
        Session {
            terminal: Terminal { color, quiet: self.quiet },
            dir: self.dir.clone(),
            today,
            day_named: self.today.is_some(),
            waits: commands::Waits::default(),
        }
    }
}

fn after_help() -> String {
    let variables: Vec<String> =
        VARIABLES.iter().map(|(name, what)| format!("  {name:<28} {what}")).collect();
    format!(
        "Environment (a secret may also come from the file that NAME_FILE names):\n{}\n\n\
         Exit codes: 0 done or no changes, 1 failed, 2 changes pending (--detailed-exitcode), 3 invalid tree,\n\
         4 refused by a guard, 5 the saved plan no longer fits, 6 applied incompletely or something is blocked, 64 wrong usage.",
        variables.join("\n")
    )
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write a day of the calendar as YYYY-MM-DD, such as 2026-12-31".to_owned())
}
