//! The people on a site, for people, for spreadsheets and for programs.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    AccountKind, App, Claim, Email, GroupName, Reading, ReportedUser, UserFilter, UserReport, UserSource,
    formats,
};

use super::access_report::{RoleView, roles_line, views};
use super::escape_untrusted;
use super::json::{pretty, schema};
use super::lines::{BOLD, Lead, Row, count, painted, wrapped};

/// Renders everybody within a width in cells: who, what sort of account, when last active, and below it their groups.
pub fn user_report_text(user_report: &UserReport, filter: &UserFilter, width: usize) -> String {
    let mut text = format!("{}\n\n", painted(BOLD, &title(user_report, filter)));
    for user in &user_report.users {
        let (who, about) = (called(user), about(user));
        let right = match &user.last_active {
            Reading::NotRead => String::new(),
            Reading::Read(None) => "no activity recorded".to_owned(),
            Reading::Read(Some(at)) => escape_untrusted(at.get(..10).unwrap_or(at)).into_owned(),
        };
        let row = Row {
            style: BOLD,
            indent: 0,
            head: &escape_untrusted(&who),
            head_width: 28,
            middle: &about,
            right: &right,
        };
        text.push_str(&row.text(width));
        let groups = listed(user, ", ");
        let groups = if groups.is_empty() { "in no group".to_owned() } else { groups };
        text.push_str(&wrapped(&escape_untrusted(&groups), &Lead::ABOUT, width));
        for line in roles_line(&user.roles) {
            text.push_str(&wrapped(&escape_untrusted(&line), &Lead::ABOUT, width));
        }
    }
    text.push_str(&unknown(user_report, width));
    text
}

/// How many there are, and who was asked for.
pub(super) fn title(user_report: &UserReport, filter: &UserFilter) -> String {
    let host = crate::render::host_of(&user_report.site);
    let undeclared = if filter.undeclared { "undeclared " } else { "" };
    let what = format!("{undeclared}{}account", filter.status.word());
    let mut title = format!("{} of {}", count(user_report.users.len(), &what), escape_untrusted(host));
    let listed = |names: Vec<&str>, between: &str| {
        names.into_iter().map(escape_untrusted).collect::<Vec<_>>().join(between)
    };
    if !filter.groups.is_empty() {
        let names = filter.groups.iter().map(GroupName::as_str).collect();
        title.push_str(&format!(" in {}", listed(names, " or ")));
    }
    if !filter.apps.is_empty() {
        let names = filter.apps.iter().map(App::as_str).collect();
        title.push_str(&format!(" with {}", listed(names, " or ")));
    }
    if !filter.outside.is_empty() {
        let domains = filter.outside.iter().map(String::as_str).collect();
        title.push_str(&format!(" outside {}", listed(domains, " and ")));
    }
    title
}

/// The name of somebody, and what is not usual about the account.
pub(super) fn about(user: &ReportedUser) -> String {
    let name = escape_untrusted(&user.account.name).into_owned();
    let mut about = Vec::new();
    match user.account.kind {
        AccountKind::Atlassian => {}
        AccountKind::App | AccountKind::Customer | AccountKind::Unknown => {
            about.push(kind(user.account.kind));
        }
    }
    if !user.account.active() {
        about.push(user.account.status.as_str());
    }
    if user.claim == Claim::Unmanaged {
        about.push("not managed");
    }
    if !user.declared {
        about.push("not declared");
    }
    if about.is_empty() { name } else { format!("{name} ({})", about.join(", ")) }
}

/// What is not known, at the end of a text.
pub(super) fn unknown(user_report: &UserReport, width: usize) -> String {
    let line = |sentence: &String| wrapped(&escape_untrusted(sentence), &Lead::BULLET, width);
    let lines: String = user_report.unknown.iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// Renders everybody as a table with a line of titles. What is not known is an empty cell, and what `unknown` says is
/// for the caller to tell.
pub fn user_report_csv(user_report: &UserReport) -> String {
    let titles = [
        "account",
        "type",
        "email",
        "name",
        "groups",
        "last_active",
        "last_active_known",
        "status",
        "managed",
        "declared",
        "source",
    ];
    let rows = user_report.users.iter().map(|user| {
        let last = match &user.last_active {
            Reading::NotRead | Reading::Read(None) => "",
            Reading::Read(Some(at)) => at,
        };
        // The column of times stays empty for a user without a known time.
        let known = yes(user.last_active.read().is_some());
        let email = user.account.email.as_ref().map_or("", Email::as_str);
        let groups =
            user.groups.iter().map(|group| cell(group.as_str()).into_owned()).collect::<Vec<_>>().join("; ");
        let managed = managed(user).map_or("", yes);
        let status = user.account.status.as_str();
        let about = [user.account.id.as_str(), kind(user.account.kind), email, &user.account.name, &groups];
        let source = source(user).unwrap_or_default();
        let cells = about.into_iter().chain([last, known, status, managed, yes(user.declared), source]);
        cells.map(|text| cell(text).into_owned()).collect::<Vec<String>>()
    });
    table(&titles, rows)
}

/// A table with a line of titles.
pub(super) fn table(titles: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    // Spreadsheets part an unquoted cell at a `;`, too, and so would make cells of their own of what follows.
    let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
    for row in std::iter::once(titles.iter().map(|title| (*title).to_owned()).collect()).chain(rows) {
        // Writing to memory cannot fail, and every row has as many cells.
        let _ = writer.write_record(row);
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// The users of a site.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    format: &'static str,
    /// The site's origin.
    site: &'a str,
    /// What is not known of all users, in sentences.
    unknown: &'a [String],
    /// Everybody.
    users: Vec<User<'a>>,
}
#[derive(Serialize, JsonSchema)]
struct User<'a> {
    /// The account ID.
    account: &'a str,
    /// `atlassian`, `app`, `customer` or `unknown`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The email, where it is shown.
    email: Option<&'a Email>,
    /// The display name.
    name: &'a str,
    /// The groups of the account.
    groups: &'a [GroupName],
    /// Whether `last_active` was read: without it, null means unknown, and otherwise never.
    last_active_known: bool,
    /// The day or time of the last activity.
    last_active: Option<&'a str>,
    /// The status of the account.
    status: &'static str,
    /// Whether the organization manages the account, where that is known.
    managed: Option<bool>,
    /// Whether the configuration declares the account.
    declared: bool,
    /// How they came into the directory: `invited`, or `synced` by an identity provider; null where nobody says it.
    source: Option<&'static str>,
    /// The roles in apps, where `--app` asked for them; null otherwise.
    roles: Option<Vec<RoleView<'a>>>,
}
impl<'a> User<'a> {
    fn of(user: &'a ReportedUser, user_report: &UserReport) -> Self {
        Self {
            account: user.account.id.as_str(),
            kind: kind(user.account.kind),
            email: user.account.email.as_ref(),
            name: &user.account.name,
            groups: &user.groups,
            last_active_known: user.last_active.read().is_some(),
            last_active: user.last_active.read().and_then(Option::as_deref),
            status: user.account.status.as_str(),
            managed: managed(user),
            declared: user.declared,
            source: source(user),
            roles: user_report.apps.read().map(|_| views(&user.roles)),
        }
    }
}

pub(super) fn user_report_schema() -> String {
    schema::<Document<'_>>(formats::USERS)
}

/// Renders everybody as a versioned JSON document, with a line break at its end.
pub fn user_report_json(user_report: &UserReport) -> String {
    pretty(&Document {
        format: formats::USERS,
        site: &user_report.site,
        unknown: &user_report.unknown,
        users: user_report.users.iter().map(|user| User::of(user, user_report)).collect(),
    })
}

/// Whether the organization manages the account, where anybody says it.
pub(super) fn managed(user: &ReportedUser) -> Option<bool> {
    match user.claim {
        Claim::Managed => Some(true),
        Claim::Unmanaged => Some(false),
        Claim::NotReported => None,
    }
}

/// How somebody came into the directory, where anybody says it.
pub(super) fn source(user: &ReportedUser) -> Option<&'static str> {
    match user.source {
        UserSource::Invited => Some("invited"),
        UserSource::Synced => Some("synced"),
        UserSource::NotReported => None,
    }
}

pub(super) fn yes(it: bool) -> &'static str {
    if it { "true" } else { "false" }
}

pub(super) fn called(user: &ReportedUser) -> String {
    user.account.email.as_ref().map_or_else(|| format!("account:{}", user.account.id), ToString::to_string)
}

fn listed(user: &ReportedUser, between: &str) -> String {
    user.groups.iter().map(GroupName::as_str).collect::<Vec<_>>().join(between)
}

/// The word of the API (docs/atlassian.md#account-kinds).
pub(super) fn kind(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Atlassian => "atlassian",
        AccountKind::App => "app",
        AccountKind::Customer => "customer",
        AccountKind::Unknown => "unknown",
    }
}

/// A cell that no spreadsheet takes for a formula: it opens with an apostrophe where it would open with what starts one
/// (OWASP, CSV Injection). Tabs and line breaks, which may start one too, are shown as `\u{…}`.
/// So does each part of it behind a separator: a spreadsheet may part a cell there, quoted or not.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    let shown = escape_untrusted(text);
    let risky = |part: &str| part.trim_start().trim_start_matches('"').starts_with(['=', '+', '-', '@']);
    if !shown.split([';', ',', '|']).any(risky) {
        return shown;
    }
    let mut guarded = String::new();
    for part in shown.split_inclusive([';', ',', '|']) {
        let text = part.trim_start();
        guarded.push_str(&part[..part.len() - text.len()]);
        guarded.push_str(if risky(text) { "'" } else { "" });
        guarded.push_str(text);
    }
    Cow::Owned(guarded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert_eq!(cell("\t=1"), "\\u{9}=1");
        assert_eq!(cell("\r=1"), "\\u{d}=1");
        assert_eq!(cell("a=1"), "a=1");
        assert_eq!(cell("Erik;=1+1, @x"), "Erik;'=1+1, '@x");
        assert_eq!(cell("Ada; Bob, Chen"), "Ada; Bob, Chen");
    }
}
