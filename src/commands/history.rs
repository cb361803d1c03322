//! `rollbook history`.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::git;
use crate::model::{Address, Email, GroupName, History, UserRef};
use crate::render;

use super::{OUTPUT, SELECTION, Session};

/// What `history` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only members and grants of this group; may be repeated
    #[arg(long = "group", value_name = "GROUP", help_heading = SELECTION)]
    groups: Vec<String>,
    /// Only this user, by email or as account:ID; may be repeated
    #[arg(long = "user", value_name = "USER", help_heading = SELECTION)]
    users: Vec<String>,
    /// Only what began or ended on this day or later
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = crate::cli::day, help_heading = SELECTION)]
    since: Option<Date>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
    format: HistoryFormat,
}

/// How the history is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum HistoryFormat {
    /// For people.
    Text,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// Prints which memberships, grants and active users the commits that are checked out ever declared: since when, until when, and by which commit.
///
/// # Errors
/// [`Error`] when git cannot read the history, or it has no such group or user.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let mut history = git::history_of(&session.root()?, "HEAD").map_err(Error::History)?;
    arguments.choose(&mut history, session.today)?;
    let doubts = render::history_doubts(&history);
    session.data(&match arguments.format {
        HistoryFormat::Text => render::history_text(&history, session.today, session.terminal.width()),
        HistoryFormat::Csv => render::history_csv(&history),
        HistoryFormat::Json => render::history_json(&history),
    })?;
    match arguments.format {
        HistoryFormat::Text => {}
        HistoryFormat::Csv | HistoryFormat::Json => {
            let doubts = doubts.iter().map(|doubt| format!("warning: {}", render::escape_untrusted(doubt)));
            doubts.for_each(|doubt| session.terminal.tell(&doubt));
        }
    }
    Ok(Exit::Done)
}

impl Arguments {
    /// Leaves out what was not asked for. A name that the history does not have is a mistake.
    fn choose(&self, history: &mut History, today: Date) -> Result<(), Error> {
        let addresses = || history.stretches.iter().map(|stretch| &stretch.address);
        let groups: BTreeSet<&str> = addresses().filter_map(Address::group).map(GroupName::as_str).collect();
        if let Some(name) = self.groups.iter().find(|name| !groups.contains(name.as_str())) {
            return Err(unknown("group", name, groups.iter().copied()));
        }
        let users: BTreeSet<String> =
            addresses().filter_map(Address::user).map(ToString::to_string).collect();
        let is = |user: &UserRef, text: &str| match user {
            UserRef::Email(email) => Email::parse(text).is_ok_and(|text| text == *email),
            UserRef::Account(_) => user.to_string() == text,
        };
        for name in &self.users {
            if !addresses().filter_map(Address::user).any(|user| is(user, name)) {
                return Err(unknown("user", name, users.iter().map(String::as_str)));
            }
        }
        history.stretches.retain(|stretch| {
            let (group, user) = (stretch.address.group(), stretch.address.user());
            let of_group =
                || group.is_some_and(|group| self.groups.iter().any(|name| name == group.as_str()));
            let of_user = || user.is_some_and(|user| self.users.iter().any(|name| is(user, name)));
            (self.groups.is_empty() || of_group())
                && (self.users.is_empty() || of_user())
                && self.since.is_none_or(|since| stretch.turned_since(since, today))
        });
        Ok(())
    }
}

fn unknown<'n>(what: &str, name: &str, names: impl IntoIterator<Item = &'n str>) -> Error {
    let near = config::nearest(name, names);
    let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Error::Usage(format!("the history has no {what} {name}{near}"))
}
