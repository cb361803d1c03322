//! `rollbook review`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch::Depth;
use crate::files::{Readers, read_text, replace};
use crate::git::{self, GitError};
use crate::model::{AccessReview, Decision, GroupName, UserReport};
use crate::plan::{self, Desired, ReviewRequest, ReviewScope};
use crate::render;

use super::access::user;
use super::rewrite::{changed, differences, write_file};
use super::users::user_report;
use super::{Format, OUTPUT, SAFETY, SELECTION, Session};

/// The largest review that is read, in bytes.
pub const LARGEST: u64 = 512 << 20;

/// What `review` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    /// Freeze who has what on the site into a file, one row for each membership
    Start(StartArguments),
    /// Check that the rows are as they were, and who decided them
    Check(CheckArguments),
    /// Count what is decided, by group
    Status(StatusArguments),
    /// Take the memberships that are to go out of the configuration
    Apply(ApplyArguments),
}

#[derive(Debug, Args)]
struct StartArguments {
    /// What is reviewed: privileged, all, or group.NAME; may be repeated for groups
    #[arg(long, value_name = "SCOPE", required = true, help_heading = SELECTION)]
    scope: Vec<String>,
    /// Propose to remove users without activity for so many days, such as 90d
    #[arg(long, value_name = "DAYS", value_parser = days)]
    inactive: Option<u32>,
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct CheckArguments {
    /// The review's file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Refuse a row that is not decided yet
    #[arg(long, help_heading = SAFETY)]
    complete: bool,
}

#[derive(Debug, Args)]
struct StatusArguments {
    /// The review's file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
    format: Format,
}

#[derive(Debug, Args)]
struct ApplyArguments {
    /// The review's file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write nothing; show what would change, and exit with 1 when something would
    #[arg(long, help_heading = SAFETY)]
    check: bool,
}

/// Starts, checks or carries out a review.
///
/// # Errors
/// [`Error`] when the site, the tree, the history or the file cannot be read, or the file is not as it was.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    match &arguments.step {
        Step::Start(arguments) => start(session, arguments),
        Step::Check(arguments) => check(session, arguments),
        Step::Status(arguments) => status(session, arguments),
        Step::Apply(arguments) => apply(session, arguments),
    }
}

fn start(session: &Session, arguments: &StartArguments) -> Result<Exit, Error> {
    if arguments.out.symlink_metadata().is_ok() {
        let message = format!("{} exists already: name another file", arguments.out.display());
        return Err(Error::Usage(message));
    }
    let loaded = session.load()?;
    let root = session.root()?;
    let report = user_report(session, &loaded, Depth::Groups)?;
    if !report.left_out.is_empty() {
        return Err(Error::PartialReview(report.left_out.join(" ")));
    }
    let scope = scope(&arguments.scope, &report)?;
    let (history, mut doubts) = match git::history_of(&root, "HEAD") {
        Ok(history) => {
            let doubts = render::history_doubts(&history);
            (Some(history), doubts)
        }
        Err(GitError::NoRepository) => (
            None,
            vec![
                "Since when memberships are declared is not known: the tree is in no git repository."
                    .to_owned(),
            ],
        ),
        Err(error) => return Err(Error::History(error)),
    };
    let commit = git::commit_of(&root, &loaded.tree);
    let desired = Desired::of(&loaded.declaration, session.today);
    let request = ReviewRequest {
        scope: &scope,
        inactive_days: arguments.inactive,
        history: history.as_ref(),
        commit: commit.as_deref(),
    };
    let mut report = report;
    report.unknown.append(&mut doubts);
    let review = plan::review(&report, &desired, &request);
    let failed = || Error::io(format!("failed to write {}", arguments.out.display()));
    if let Some(folder) = arguments.out.parent() {
        fs::create_dir_all(folder).map_err(failed())?;
    }
    replace(&arguments.out, &config::review_text(&review), Readers::Everybody).map_err(failed())?;
    let removals = review.rows.iter().filter(|row| row.proposal == Decision::Remove).count();
    session.terminal.say(&format!(
        "{} to decide, {removals} proposed to remove; {}",
        render::count(review.rows.len(), "row"),
        review.digest
    ));
    review
        .unknown
        .iter()
        .for_each(|sentence| session.terminal.say(&format!("note: {}", render::escape_untrusted(sentence))));
    Ok(Exit::Done)
}

/// The groups of a scope. A name that the site does not have is a mistake.
fn scope(words: &[String], report: &UserReport) -> Result<ReviewScope, Error> {
    match words {
        [one] if one == "all" => return Ok(ReviewScope::All),
        [one] if one == "privileged" => return Ok(ReviewScope::Privileged),
        _ => {}
    }
    let mut names = BTreeSet::new();
    for word in words {
        let Some(name) = word.strip_prefix("group.") else {
            let message = format!(
                "--scope {word} is not privileged, all or group.NAME, of which groups alone may be repeated"
            );
            return Err(Error::Usage(message));
        };
        let found = plan::group_on_site(report, &GroupName::new(name));
        let found = found.ok_or_else(|| Error::Usage(format!("the site has no group {name}")))?;
        names.insert(found.clone());
    }
    Ok(ReviewScope::Groups(names))
}

fn check(session: &Session, arguments: &CheckArguments) -> Result<Exit, Error> {
    let review = opened(&arguments.file)?;
    let problems = plan::review_problems(&review, arguments.complete);
    for problem in &problems {
        session.data(&format!("{}\n", render::escape_untrusted(problem)))?;
    }
    if problems.is_empty() {
        session.terminal.say(&format!(
            "{} as they were; {}",
            render::count(review.rows.len(), "row"),
            review.digest
        ));
        return Ok(Exit::Done);
    }
    session.terminal.say(&render::count(problems.len(), "problem"));
    Ok(Exit::Failed)
}

fn status(session: &Session, arguments: &StatusArguments) -> Result<Exit, Error> {
    let review = opened(&arguments.file)?;
    let mut groups: BTreeMap<&GroupName, [usize; 3]> = BTreeMap::new();
    for row in &review.rows {
        let counts = groups.entry(&row.group).or_default();
        counts[match row.decision {
            Decision::Pending => 0,
            Decision::Keep => 1,
            Decision::Remove => 2,
        }] += 1;
    }
    let text = match arguments.format {
        Format::Json => {
            let groups: BTreeMap<&str, _> = groups
                .iter()
                .map(|(name, [pending, keep, remove])| {
                    (name.as_str(), serde_json::json!({ "pending": pending, "keep": keep, "remove": remove }))
                })
                .collect();
            format!(
                "{:#}\n",
                serde_json::json!({ "digest": review.digest, "rows": review.rows.len(), "groups": groups })
            )
        }
        Format::Text => {
            let line = |(name, [pending, keep, remove]): (&&GroupName, &[usize; 3])| {
                let name = render::escape_untrusted(name.as_str()).into_owned();
                format!("{name}: {pending} pending, {keep} to keep, {remove} to remove\n")
            };
            groups.iter().map(line).collect()
        }
    };
    session.data(&text)?;
    Ok(Exit::Done)
}

/// Edits the tree, which is then planned like every change. Nothing goes to a site from a review.
fn apply(session: &Session, arguments: &ApplyArguments) -> Result<Exit, Error> {
    let review = opened(&arguments.file)?;
    let problems = plan::review_problems(&review, false);
    if let Some(first) = problems.first() {
        return Err(Error::ReviewRefused(first.clone(), problems.len()));
    }
    let loaded = session.load()?;
    let root = session.root()?;
    let site = &loaded.declaration.settings.site.value;
    if *site != review.site {
        return Err(Error::Usage(format!("the review is of {}, and the tree names {site}", review.site)));
    }
    let (mut tree, mut declaration) = (loaded.tree.clone(), loaded.declaration.clone());
    let (mut notes, mut left) = (Vec::new(), Vec::new());
    for row in review.rows.iter().filter(|row| row.decision == Decision::Remove) {
        let at = format!("{} in {}", row.user, row.group);
        if row.declared.is_none() {
            left.push(format!(
                "{at}: the configuration does not declare it. A plan of an exact group removes it."
            ));
            continue;
        }
        let group = declaration.groups.keys().find(|name| name.folded() == row.group.folded());
        let Some(group) = group.cloned() else {
            left.push(format!("{at}: the configuration does not declare the group any more."));
            continue;
        };
        match config::revoked(&tree, &declaration, (&user(&row.user)?, &group), session.today) {
            Ok(edit) => {
                (tree, declaration) = (edit.tree, edit.declaration);
                notes.extend(edit.notes);
            }
            Err(error) => left.push(format!("{at}: {error}.")),
        }
    }
    let files = changed(&loaded.tree, &tree);
    if !arguments.check {
        files.iter().try_for_each(|(before, after)| write_file(&root, *before, after))?;
    }
    session.data(&differences(&files))?;
    for note in notes {
        session.terminal.say(&format!("note: {}", render::escape_untrusted(&note)));
    }
    for left in &left {
        session.terminal.tell(&format!("left: {}", render::escape_untrusted(left)));
    }
    Ok(match (arguments.check && !files.is_empty(), left.is_empty()) {
        (true, _) => Exit::Failed,
        (false, false) => Exit::Incomplete,
        (false, true) => Exit::Done,
    })
}

fn opened(path: &Path) -> Result<AccessReview, Error> {
    let failed = || Error::io(format!("failed to read {}", path.display()));
    let text = read_text(path, LARGEST).map_err(failed())?;
    config::review_of(&text).map_err(|source| Error::Review { path: path.to_owned(), source })
}

fn days(text: &str) -> Result<u32, String> {
    let days = text.strip_suffix('d').unwrap_or(text).parse::<u32>();
    days.ok().filter(|days| *days > 0).ok_or_else(|| "write a number of days, such as 90d".to_owned())
}
