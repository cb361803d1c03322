//! Who has which app of a site, for people, for spreadsheets and for programs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    App, Email, GroupName, PersonRole, ReportedApp, ReportedUser, Role, Seats, UserFilter, UserReport,
    formats,
};

use super::escape_untrusted;
use super::json::{pretty, schema};
use super::lines::{BOLD, Lead, Row, count, painted, wrapped};
use super::user_report::{about, called, cell, kind, managed, source, table, title, unknown, yes};

/// Renders everybody by app within a width in cells: seats, who, and below it how they have which role.
pub fn access_report_text(user_report: &UserReport, filter: &UserFilter, width: usize) -> String {
    let mut text = format!("{}, by app\n", painted(BOLD, &title(user_report, filter)));
    for app in apps(user_report, filter) {
        let row = Row {
            style: BOLD,
            indent: 0,
            head: &escape_untrusted(app.app.as_str()),
            head_width: 28,
            middle: &seats_line(app),
            right: "",
        };
        text.push('\n');
        text.push_str(&row.text(width));
        let mut nobody = true;
        for (user, roles) in user_report.users.iter().filter_map(|user| having(user, &app.app)) {
            nobody = false;
            let (who, about) = (called(user), about(user));
            let head = escape_untrusted(&who);
            let row = Row { style: BOLD, indent: 2, head: &head, head_width: 28, middle: &about, right: "" };
            text.push_str(&row.text(width));
            for line in roles.into_iter().map(ways) {
                text.push_str(&wrapped(&escape_untrusted(&line), &Lead::ABOUT, width));
            }
        }
        if nobody {
            text.push_str("  none of them\n");
        }
    }
    text.push_str(&unknown(user_report, width));
    text
}

/// Renders a row for each person and app, with a line of titles. An empty cell is what nobody knows.
pub fn access_report_csv(user_report: &UserReport, filter: &UserFilter) -> String {
    let titles = [
        "account",
        "type",
        "email",
        "name",
        "app",
        "roles",
        "ways",
        "direct_known",
        "status",
        "managed",
        "source",
        "declared",
    ];
    let row = |(app, user, roles): (&ReportedApp, &ReportedUser, Vec<&PersonRole>)| {
        let names: Vec<&str> = roles.iter().map(|held| held.access.role.as_str()).collect();
        let ways: Vec<String> = roles.iter().map(|held| ways(held)).collect();
        let known = yes(roles.iter().all(|held| held.direct.read().is_some()));
        let email = user.account.email.as_ref().map_or("", Email::as_str);
        let cells = [
            user.account.id.as_str(),
            kind(user.account.kind),
            email,
            &user.account.name,
            app.app.as_str(),
            &names.join("; "),
            &ways.join("; "),
            known,
            user.account.status.as_str(),
            managed(user).map_or("", yes),
            source(user).unwrap_or_default(),
            yes(user.declared),
        ];
        cells.into_iter().map(|text| cell(text).into_owned()).collect()
    };
    table(&titles, rows(user_report, filter).map(row))
}

/// Who has which app of a site.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    format: &'static str,
    /// The site's origin.
    site: &'a str,
    /// What is not known of all of them, in sentences.
    unknown: &'a [String],
    /// The apps that were asked for.
    apps: Vec<AppView<'a>>,
    /// A row for each person and app.
    rows: Vec<RowView<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct AppView<'a> {
    /// The app's key.
    app: &'a App,
    /// How many active people have a role that takes a seat.
    taken: usize,
    /// How many more may have one; null where there is no limit, or nobody says it.
    free: Option<usize>,
    /// Whether there is no limit; null where nobody says it.
    unlimited: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
struct RowView<'a> {
    /// The account ID.
    account: &'a str,
    /// `atlassian`, `app`, `customer` or `unknown`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The email, where it is shown.
    email: Option<&'a Email>,
    /// The display name.
    name: &'a str,
    /// The app's key.
    app: &'a App,
    /// The roles in the app.
    roles: Vec<RoleView<'a>>,
    /// The status of the account.
    status: &'static str,
    /// Whether the organization manages the account, where that is known.
    managed: Option<bool>,
    /// How they came into the directory: `invited`, or `synced` by an identity provider; null where nobody says it.
    source: Option<&'static str>,
    /// Whether the configuration declares the account.
    declared: bool,
}

/// A role of somebody, and how they came to it.
#[derive(Serialize, JsonSchema)]
pub(super) struct RoleView<'a> {
    /// The app's key.
    app: &'a App,
    /// The role, such as `user` or `admin`.
    role: &'a Role,
    /// The groups that give it.
    groups: &'a [GroupName],
    /// Whether a group gives it that these credentials are not shown.
    hidden_group: bool,
    /// Whether the person holds it directly, not by a group; null where that was not asked.
    direct: Option<bool>,
    /// Whether something else that the person administers brings it.
    inferred: bool,
}

pub(super) fn access_report_schema() -> String {
    schema::<Document<'_>>(formats::ACCESS)
}

/// Renders a row for each person and app as a versioned JSON document, with a line break at its end.
pub fn access_report_json(user_report: &UserReport, filter: &UserFilter) -> String {
    let app = |reported: &'_ ReportedApp| {
        let (free, unlimited) = match reported.seats {
            Seats::Unlimited => (None, Some(true)),
            Seats::Left(left) => (Some(left), Some(false)),
            Seats::NotReported => (None, None),
        };
        (reported.taken, free, unlimited)
    };
    pretty(&Document {
        format: formats::ACCESS,
        site: &user_report.site,
        unknown: &user_report.unknown,
        apps: apps(user_report, filter)
            .map(|reported| {
                let (taken, free, unlimited) = app(reported);
                AppView { app: &reported.app, taken, free, unlimited }
            })
            .collect(),
        rows: rows(user_report, filter)
            .map(|(reported, user, roles)| RowView {
                account: user.account.id.as_str(),
                kind: kind(user.account.kind),
                email: user.account.email.as_ref(),
                name: &user.account.name,
                app: &reported.app,
                roles: roles.into_iter().map(view).collect(),
                status: user.account.status.as_str(),
                managed: managed(user),
                source: source(user),
                declared: user.declared,
            })
            .collect(),
    })
}

/// The apps that are asked for.
fn apps<'a>(user_report: &'a UserReport, filter: &'a UserFilter) -> impl Iterator<Item = &'a ReportedApp> {
    let apps = user_report.apps.read().into_iter().flatten();
    apps.filter(|reported| filter.apps.is_empty() || filter.apps.contains(&reported.app))
}

/// A person with their roles in an app, app by app.
fn rows<'a>(
    user_report: &'a UserReport,
    filter: &'a UserFilter,
) -> impl Iterator<Item = (&'a ReportedApp, &'a ReportedUser, Vec<&'a PersonRole>)> {
    apps(user_report, filter).flat_map(|app| {
        let users = user_report.users.iter().filter_map(|user| having(user, &app.app));
        users.map(move |(user, roles)| (app, user, roles))
    })
}

/// Somebody with their roles in an app, where they have any.
fn having<'a>(user: &'a ReportedUser, app: &App) -> Option<(&'a ReportedUser, Vec<&'a PersonRole>)> {
    let roles: Vec<&PersonRole> = user.roles.iter().filter(|held| held.access.app == *app).collect();
    (!roles.is_empty()).then_some((user, roles))
}

fn view(held: &PersonRole) -> RoleView<'_> {
    RoleView {
        app: &held.access.app,
        role: &held.access.role,
        groups: &held.groups,
        hidden_group: held.by_hidden_group,
        direct: held.direct.read().copied(),
        inferred: held.inferred,
    }
}

pub(super) fn views(roles: &[PersonRole]) -> Vec<RoleView<'_>> {
    roles.iter().map(view).collect()
}

/// The roles of somebody in every app, a line each.
pub(super) fn roles_line(roles: &[PersonRole]) -> impl Iterator<Item = String> {
    roles.iter().map(|held| format!("{}: {}", held.access.app, ways(held)))
}

/// A role with how somebody came to it: `user by engineering, directly`.
pub(super) fn ways(held: &PersonRole) -> String {
    let mut ways = Vec::new();
    if !held.groups.is_empty() {
        let names: Vec<&str> = held.groups.iter().map(GroupName::as_str).collect();
        ways.push(format!("by {}", names.join(", by ")));
    }
    if held.by_hidden_group {
        ways.push("by a group that is not shown".to_owned());
    }
    if held.direct.read() == Some(&true) {
        ways.push("directly".to_owned());
    }
    if held.inferred {
        ways.push("by what else they administer".to_owned());
    }
    format!("{} {}", held.access.role, ways.join(", ")).trim_end().to_owned()
}

fn seats_line(reported: &ReportedApp) -> String {
    let taken = format!("{} taken", count(reported.taken, "seat"));
    match reported.seats {
        Seats::Unlimited => format!("{taken}, unlimited"),
        Seats::Left(left) => format!("{taken}, {left} free"),
        Seats::NotReported => format!("{taken}, unknown how many are free"),
    }
}
