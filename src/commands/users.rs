//! `rollbook users`.

use clap::{Args, ValueEnum};

use crate::error::Error;
use crate::exit::Exit;
use crate::fetch;
use crate::model::{GroupName, StatusFilter, UserFilter, UserReport};
use crate::plan::{self, Desired};
use crate::render;

use super::session::Loaded;
use super::{OUTPUT, SELECTION, Session, block_on, connect};

/// The arguments of `users`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only members of this group; if repeated, of any of them
    #[arg(long = "group", value_name = "GROUP", help_heading = SELECTION)]
    groups: Vec<String>,
    /// Only accounts of this status
    #[arg(long, value_name = "STATUS", default_value = "active", help_heading = SELECTION)]
    status: Status,
    /// Only users whose email is not at this domain; if repeated, at none of them
    #[arg(long, value_name = "DOMAIN", help_heading = SELECTION)]
    outside: Vec<String>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
    format: UsersFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Status {
    Active,
    Suspended,
    Deactivated,
    /// Not active, for any reason
    Inactive,
    All,
}

/// How the list of users is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum UsersFormat {
    /// For people.
    Text,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// Prints who is on the site, with their groups, and the unknown properties.
///
/// # Errors
/// [`Error`] when a read is incomplete, or the site has no such group.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let mut user_report = user_report(session, &loaded)?;
    let filter = arguments.filter(&user_report)?;
    plan::choose(&mut user_report, &filter);
    session.data(&match arguments.format {
        UsersFormat::Text => render::user_report_text(&user_report, &filter, session.terminal.width()),
        UsersFormat::Csv => render::user_report_csv(&user_report),
        UsersFormat::Json => render::user_report_json(&user_report),
    })?;
    if let UsersFormat::Csv = arguments.format {
        user_report.unknown.iter().for_each(|sentence| session.terminal.say(sentence));
    }
    Ok(Exit::Done)
}

/// Reads who is on the site, and marks the users that the tree declares.
pub(super) fn user_report(session: &Session, loaded: &Loaded) -> Result<UserReport, Error> {
    let settings = &loaded.declaration.settings;
    let surfaces = connect(session, settings)?;
    let reading =
        async { Ok(session.telling(Box::pin(fetch::user_report(&surfaces, &settings.site.value))).await?) };
    let mut user_report = block_on(reading)?;
    plan::declare(&mut user_report, &Desired::of(&loaded.declaration, session.today));
    Ok(user_report)
}

impl Arguments {
    fn filter(&self, user_report: &UserReport) -> Result<UserFilter, Error> {
        let on_site = |name: &String| {
            let found = plan::group_on_site(user_report, &GroupName::new(name)).cloned();
            found.ok_or_else(|| Error::Usage(format!("the site has no group {name}")))
        };
        Ok(UserFilter {
            groups: self.groups.iter().map(on_site).collect::<Result<_, Error>>()?,
            status: match self.status {
                Status::Active => StatusFilter::Active,
                Status::Suspended => StatusFilter::Suspended,
                Status::Deactivated => StatusFilter::Deactivated,
                Status::Inactive => StatusFilter::Inactive,
                Status::All => StatusFilter::Any,
            },
            outside: self.outside.iter().map(|domain| domain.trim_start_matches('@').to_owned()).collect(),
        })
    }
}
