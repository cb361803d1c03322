//! `rollbook users`.

use clap::{Args, ValueEnum};

use crate::atlassian::Surfaces;
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch::{self, Depth};
use crate::model::{App, GroupName, StatusFilter, UserFilter, UserReport};
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
    /// Only users whom the tree does not declare
    #[arg(long, help_heading = SELECTION)]
    undeclared: bool,
    /// Only users with a role in this app, such as jira-software, and their roles; if repeated, in any of them
    #[arg(long = "app", value_name = "APP", help_heading = SELECTION)]
    apps: Vec<String>,
    /// What a row is about: a user, or a user and an app, with roles, groups that give them, and seats
    #[arg(long, value_name = "WHAT", default_value = "user", help_heading = OUTPUT)]
    by: By,
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

/// What roles need.
const NO_ORGANIZATION: &str = "the organization alone tells who has which role in an app: set ROLLBOOK_ORG_API_KEY, and \
                               `organization` in rollbook.yaml";

/// Refuses to go on where nobody can tell roles.
pub(super) fn needs_organization(surfaces: &Surfaces) -> Result<(), Error> {
    if surfaces.organization.is_none() { Err(Error::Usage(NO_ORGANIZATION.into())) } else { Ok(()) }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    User,
    App,
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

/// Prints who is on the site, with their groups or their apps, and what is not known of them.
///
/// # Errors
/// [`Error`] when something cannot be read whole, or the site has no such group or app.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let depth = match (arguments.by, arguments.apps.as_slice()) {
        (By::User, []) => Depth::Groups,
        (By::User | By::App, _) => Depth::Roles,
    };
    let mut user_report = user_report(session, &loaded, depth)?;
    let filter = arguments.filter(&user_report)?;
    plan::choose(&mut user_report, &filter);
    let (report, width) = (&user_report, session.terminal.width());
    session.data(&match (arguments.by, arguments.format) {
        (By::User, UsersFormat::Text) => render::user_report_text(report, &filter, width),
        (By::User, UsersFormat::Csv) => render::user_report_csv(report),
        (By::User, UsersFormat::Json) => render::user_report_json(report),
        (By::App, UsersFormat::Text) => render::access_report_text(report, &filter, width),
        (By::App, UsersFormat::Csv) => render::access_report_csv(report, &filter),
        (By::App, UsersFormat::Json) => render::access_report_json(report, &filter),
    })?;
    if let UsersFormat::Csv = arguments.format {
        user_report.unknown.iter().for_each(|sentence| session.terminal.say(sentence));
    }
    Ok(Exit::Done)
}

/// Reads who is on the site, and says whom of them the tree declares.
pub(super) fn user_report(session: &Session, loaded: &Loaded, depth: Depth) -> Result<UserReport, Error> {
    let settings = &loaded.declaration.settings;
    let surfaces = connect(session, settings)?;
    if depth == Depth::Roles {
        needs_organization(&surfaces)?;
    }
    let site = &settings.site.value;
    let reading = async { Ok(session.telling(Box::pin(fetch::user_report(&surfaces, site, depth))).await?) };
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
        let known: Vec<&App> =
            user_report.apps.read().into_iter().flatten().map(|reported| &reported.app).collect();
        let app = |key: &String| {
            let found = known.iter().find(|app| app.as_str() == key);
            found.map(|app| (*app).clone()).ok_or_else(|| {
                let known = known.iter().map(|app| app.as_str()).collect::<Vec<_>>().join(", ");
                Error::Usage(format!("the site has no app {key}; it has: {known}"))
            })
        };
        Ok(UserFilter {
            apps: self.apps.iter().map(app).collect::<Result<_, Error>>()?,
            undeclared: self.undeclared,
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
