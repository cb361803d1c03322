//! The command line: the commands and options, and how a run starts and ends.

use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::commands::{self, Session};
use crate::environment::VARIABLES;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::ErrorExt as _;
use crate::render::escape_untrusted;
use crate::terminal::{ColorChoice, Terminal};

/// The heading of the options that every command has.
const GLOBAL: &str = "Global options";

const IMPORT_EXAMPLES: &str = "Examples:
  rollbook import --site https://acme.atlassian.net    start a configuration in this folder
  rollbook import --group 'team-*' --check             show what would be added for these groups";

const GRANT_EXAMPLES: &str = "Examples:
  rollbook grant ada@acme.com developers
  rollbook grant ada@acme.com site-admins --until 2026-12-31 --because 'on call over the holidays'";

const REVIEW_EXAMPLES: &str = "Examples:
  rollbook review start --scope privileged --inactive 90d --out reviews/2026-q4.yaml
  rollbook review check --complete reviews/2026-q4.yaml    the rows are as they were, and all are decided
  rollbook review apply reviews/2026-q4.yaml               edit the configuration; then plan and review it";

const HISTORY_EXAMPLES: &str = "Examples:
  rollbook history --group site-admins                 everybody who ever was a member
  rollbook history --user ada@acme.com --format json   every membership of one user
  rollbook history --since 2026-10-01 --format csv     what began or ended since";

const PLAN_EXAMPLES: &str = "Examples:
  rollbook plan                                        every difference between the site and the files
  rollbook plan --base origin/main                     tell this branch's changes from drift
  rollbook plan --target group.developers              one group only
  rollbook plan --live live.json                       against a snapshot, without credentials
  rollbook plan --out plan.json                        save it for `rollbook apply plan.json`";

const APPLY_EXAMPLES: &str = "Examples:
  rollbook apply                                       show the plan, ask, apply
  rollbook apply plan.json --max-age 24h               only what the reviewed plan has
  rollbook apply --reason expired,offboarded --yes     a nightly run
  rollbook apply --allow max-revokes                   waive a guard for this run";

const UNDO_EXAMPLES: &str = "Examples:
  rollbook undo --last                                 revert the newest run
  rollbook undo --last --target user.ada@acme.com      only for one user";

const LOGIN_EXAMPLES: &str = "Examples:
  rollbook login                                       sign in to the tree's site
  rollbook login --no-browser                          with a browser on another machine
  rollbook login --status                              who is signed in, and until when

It needs ROLLBOOK_OAUTH_CLIENT_ID and ROLLBOOK_OAUTH_CLIENT_SECRET; docs/surfaces.md says how to make the app.";

const TREES_EXAMPLES: &str = "Examples:
  rollbook trees                                       every tree of this repository, with its site
  rollbook trees --base origin/main --changed          those that this branch changes
  rollbook trees --base HEAD^1 --changed --format matrix    the same, for a matrix of CI";

/// The commands that read no configuration, and those that evaluate no date.
const WITHOUT_TREE: [&str; 6] = ["completions", "demo", "man", "sandbox", "schema", "show"];
const WITHOUT_DAY: [&str; 10] =
    ["completions", "demo", "journal", "login", "logout", "man", "sandbox", "schema", "show", "trees"];

/// Manage access to Atlassian Cloud from a git repository.
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
    #[arg(short = 'C', long, value_name = "DIR", global = true, help_heading = GLOBAL)]
    dir: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true, help_heading = GLOBAL)]
    color: Color,
    /// Suppress progress and notes
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    quiet: bool,
    /// Say more about what happens; twice, every request
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = GLOBAL)]
    verbose: u8,
    /// Evaluate `until` dates as of this date [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD", global = true, value_parser = day, help_heading = GLOBAL)]
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
    /// Validate the configuration: every mistake, with its place and the remedy
    Check(commands::check::Arguments),
    /// Format the configuration files; comments and meaning stay
    Fmt(commands::fmt::Arguments),
    /// Rename a person or a group in every file, and in rollbook.lock
    Rename(commands::rename::Arguments),
    /// Check credentials and permissions: what each can do, and what needs another
    Doctor(commands::doctor::Arguments),
    /// Sign in to Jira with the browser, instead of an API token
    #[command(after_help = LOGIN_EXAMPLES)]
    Login(commands::login::Arguments),
    /// Remove a login from this machine
    Logout(commands::logout::Arguments),
    /// Explain why a user is in a group: every way, with its place
    Explain(commands::explain::Arguments),
    /// Show since when memberships are declared, until when they were, and by which commit
    #[command(after_help = HISTORY_EXAMPLES)]
    History(commands::history::Arguments),
    /// Declare what the site has and the configuration lacks, or start a configuration
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(commands::import::Arguments),
    /// Remove expired entries once the site no longer has anybody from them
    Prune(commands::prune::Arguments),
    /// Add a user to a group of the configuration
    #[command(after_help = GRANT_EXAMPLES)]
    Grant(commands::access::GrantArguments),
    /// Take a user out of a group of the configuration
    Revoke(commands::access::RevokeArguments),
    /// Declare a user offboarded: no access any more
    Offboard(commands::access::OffboardArguments),
    /// Give a user the groups that another has
    Onboard(commands::access::OnboardArguments),
    /// Write the reviewers of each file into the repository's CODEOWNERS
    Codeowners(commands::codeowners::Arguments),
    /// Record the account or group ID of every declared name in rollbook.lock
    Lock(commands::lock::Arguments),
    /// Show what would change
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(commands::plan::Arguments),
    /// Save what the site has to a file, for plans without credentials
    ///
    /// It reads more than a plan does, so that a pull request can ask for what the tree does not: every user, and the
    /// groups of everybody declared, which takes one request per person with only Jira. It holds no secret;
    /// docs/trust.md says who is shown in it.
    Snapshot(commands::snapshot::Arguments),
    /// List the users of the site, with their groups and last activity
    ///
    /// With Jira it reads the members of every group, 50 per request. Last-active dates need an organization API key;
    /// without one they are shown as unknown.
    Users(commands::users::Arguments),
    /// Review who has what: freeze it, decide in a pull request, apply
    #[command(after_help = REVIEW_EXAMPLES)]
    Review(commands::review::Arguments),
    /// Print a saved plan
    Show(commands::show::Arguments),
    /// Apply the planned changes, and print the outcome of each
    #[command(after_help = APPLY_EXAMPLES)]
    Apply(commands::apply::Arguments),
    /// Plan, comment and apply as a job of GitHub Actions, GitLab CI/CD or Bitbucket Pipelines
    Ci(commands::ci::Arguments),
    /// List the trees of the repository, and which of them a change touches
    #[command(after_help = TREES_EXAMPLES)]
    Trees(commands::trees::Arguments),
    /// List, verify or show the journals of apply runs
    Journal(commands::journal::Arguments),
    /// Revert the changes recorded in a journal
    #[command(after_help = UNDO_EXAMPLES)]
    Undo(commands::undo::Arguments),
    /// Try everything on a built-in sandbox, without an account
    Demo(commands::demo::Arguments),
    /// Serve an emulated site on loopback
    Sandbox(commands::sandbox::Arguments),
    /// Print the JSON Schema of the configuration, or of a document that Rollbook writes
    Schema(commands::generated::SchemaArguments),
    /// Print a completion script for a shell
    Completions(commands::generated::CompletionsArguments),
    /// Answer questions of agents about the tree and its site, by the Model Context Protocol
    ///
    /// It speaks over stdin and stdout, until its input ends. It has the tools check, plan, explain and users, which read and
    /// never write. docs/mcp.md says how to set it up.
    Mcp(commands::mcp::Arguments),
    /// Print the manual page
    Man,
}

/// Builds the command line. Each command hides the global options that it does not use.
fn command() -> clap::Command {
    let mut command = Cli::command();
    for (option, without) in [("dir", &WITHOUT_TREE[..]), ("today", &WITHOUT_DAY)] {
        let hidden = command.get_arguments().find(|it| it.get_id() == option).cloned();
        let hidden = hidden.map(|it| it.hide(true));
        for name in without {
            command = command.mut_subcommand(name, |it| it.args(hidden.clone()));
        }
    }
    // All operations of an undo have one reason.
    command.mut_subcommand("undo", |it| it.mut_arg("reason", |it| it.hide(true)))
}

/// Runs the command line of this process.
pub fn run() -> Exit {
    let parsed = command().try_get_matches().and_then(|given| {
        let name = given.subcommand_name().unwrap_or_default().to_owned();
        Ok((Cli::from_arg_matches(&given)?, name))
    });
    let (cli, name) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // If a stream is closed, its error cannot be reported.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let session = cli.common.session();
    if let Some(error) = cli.common.unused(&name) {
        report(session.terminal, &error);
        return error.exit();
    }
    commands::log(cli.common.verbose, session.terminal.stderr_in_color());
    let result = match cli.command {
        Command::Check(arguments) => commands::check::run(&session, &arguments),
        Command::Fmt(arguments) => commands::fmt::run(&session, &arguments),
        Command::Rename(arguments) => commands::rename::run(&session, &arguments),
        Command::Doctor(arguments) => commands::doctor::run(&session, &arguments),
        Command::Login(arguments) => commands::login::run(&session, &arguments),
        Command::Logout(arguments) => commands::logout::run(&session, &arguments),
        Command::Explain(arguments) => commands::explain::run(&session, &arguments),
        Command::History(arguments) => commands::history::run(&session, &arguments),
        Command::Import(arguments) => commands::import::run(&session, &arguments),
        Command::Prune(arguments) => commands::prune::run(&session, &arguments),
        Command::Grant(arguments) => commands::access::grant(&session, &arguments),
        Command::Revoke(arguments) => commands::access::revoke(&session, &arguments),
        Command::Offboard(arguments) => commands::access::offboard(&session, &arguments),
        Command::Onboard(arguments) => commands::access::onboard(&session, &arguments),
        Command::Codeowners(arguments) => commands::codeowners::run(&session, &arguments),
        Command::Lock(arguments) => commands::lock::run(&session, &arguments),
        Command::Plan(arguments) => commands::plan::run(&session, &arguments),
        Command::Snapshot(arguments) => commands::snapshot::run(&session, &arguments),
        Command::Users(arguments) => commands::users::run(&session, &arguments),
        Command::Review(arguments) => commands::review::run(&session, &arguments),
        Command::Show(arguments) => commands::show::run(&session, &arguments),
        Command::Apply(arguments) => commands::apply::run(&session, &arguments),
        Command::Ci(arguments) => commands::ci::run(&session, &arguments),
        Command::Trees(arguments) => commands::trees::run(&session, &arguments),
        Command::Journal(arguments) => commands::journal::run(&session, &arguments),
        Command::Undo(arguments) => commands::undo::run(&session, &arguments),
        Command::Demo(arguments) => commands::demo::run(&session, &arguments),
        Command::Sandbox(arguments) => commands::sandbox::run(&session, &arguments),
        Command::Schema(arguments) => commands::generated::schema(&session, &arguments),
        Command::Completions(arguments) => {
            commands::generated::completions(&session, &arguments, &mut command())
        }
        Command::Mcp(arguments) => commands::mcp::run(&session, &arguments),
        Command::Man => commands::generated::man(&session, command()),
    };
    result.unwrap_or_else(|error| {
        report(session.terminal, &error);
        error.exit()
    })
}

fn report(terminal: Terminal, error: &Error) {
    terminal.tell(&format!("error: {}", escape_untrusted(&error.chain())));
    if let Some(help) = error.help() {
        terminal.tell(&format!("help: {help}"));
    }
}

impl Common {
    /// Refuses an option that the command would ignore: it was given for a reason.
    fn unused(&self, command: &str) -> Option<Error> {
        let unused = if self.dir.is_some() && WITHOUT_TREE.contains(&command) {
            "this command reads no configuration: leave --dir (-C) out"
        } else if self.today.is_some() && WITHOUT_DAY.contains(&command) {
            "this command evaluates no date: leave --today out"
        } else {
            return None;
        };
        Some(Error::Usage(unused.to_owned()))
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

/// Reads a date of the command line.
pub(crate) fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write a date as YYYY-MM-DD, such as 2026-12-31".to_owned())
}
