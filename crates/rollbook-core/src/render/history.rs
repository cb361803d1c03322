//! The history of access, for people, for spreadsheets and for programs.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Address, GroupName, History, Stretch, Turn, UnreadFile, formats};

use super::escape_untrusted;
use super::json::{pretty, schema};
use super::lines::{BOLD, DIM, GRANT, Lead, Row, count, painted, wrapped};
use super::user_report::{cell, table};

const SHALLOW: &str = "The clone is shallow: memberships that its oldest commit already has may be older. \
                       `git fetch --unshallow` fetches the rest.";

/// Renders the history within a width in cells: each group with its members and grants, then the users who are declared
/// active. `today` decides what lasts.
pub fn history_text(history: &History, today: Date, width: usize) -> String {
    let mut text = String::new();
    let mut stretches: Vec<&Stretch> = history.stretches.iter().collect();
    stretches.sort_by_key(|stretch| {
        let group = stretch.address.group();
        (group.is_none(), group, stretch.address.access().is_some())
    });
    let mut title: Option<&str> = None;
    for stretch in stretches {
        let of = stretch.address.group().map_or("users", GroupName::as_str);
        if title != Some(of) {
            title = Some(of);
            text.push_str(&format!("{}\n", painted(BOLD, &escape_untrusted(of))));
        }
        text.push_str(&stretch_text(stretch, today, width));
    }
    if history.stretches.is_empty() {
        text.push_str("The history has nothing of it.\n");
    }
    for sentence in history_doubts(history) {
        text.push_str(&wrapped(&escape_untrusted(&sentence), &Lead::BULLET, width));
    }
    text
}

/// What the history does not say, as sentences.
pub fn history_doubts(history: &History) -> Vec<String> {
    const SHOWN: usize = 5;
    let mut doubts: Vec<String> = Vec::new();
    if !history.complete {
        doubts.push(SHALLOW.to_owned());
    }
    doubts.extend(history.unread.iter().take(SHOWN).map(|UnreadFile { commit, path, why }| {
        format!("{path} at {} cannot be read: {why}. It counts as it was before.", short(commit))
    }));
    if let Some(more) = history.unread.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        doubts.push(format!("The same holds for {}; `--format json` lists them.", count(more, "other file")));
    }
    doubts
}

fn stretch_text(stretch: &Stretch, today: Date, width: usize) -> String {
    let lasts = stretch.lasts_on(today);
    let from = stretch.from.as_ref().map_or_else(|| "unknown".to_owned(), |from| from.day().to_string());
    let to = match (&stretch.to, stretch.until) {
        (Some(to), _) => to.day().to_string(),
        (None, Some(until)) if !lasts => format!("{until} (`until`)"),
        (None, Some(until)) => format!("today, until {until}"),
        (None, None) => "today".to_owned(),
    };
    let what = match &stretch.address {
        Address::Member(_, user) | Address::User(user) => user.to_string(),
        Address::Grant(_, access) => format!("{} of {}", access.role, access.app),
        Address::Group(name) => name.to_string(),
    };
    let head = format!("{} {}", if lasts { "+" } else { "-" }, escape_untrusted(&what));
    let row = Row {
        style: if lasts { GRANT } else { DIM },
        indent: 2,
        head: &head,
        head_width: 30,
        middle: &format!("{from} to {to}"),
        right: "",
    };
    let mut text = row.text(width);
    let verbs = if stretch.address.group().is_some() { ["granted", "revoked"] } else { ["begun", "ended"] };
    let turns = verbs.into_iter().zip([&stretch.from, &stretch.to]);
    for (what, turn) in turns.into_iter().filter_map(|(what, turn)| Some((what, turn.as_ref()?))) {
        text.push_str(&wrapped(&escape_untrusted(&turn_text(what, turn)), &Lead::ABOUT, width));
    }
    if let Some(because) = &stretch.because {
        text.push_str(&wrapped(&escape_untrusted(&format!("because: {because}")), &Lead::ABOUT, width));
    }
    text
}

/// `granted in COMMIT by AUTHOR, merged by COMMIT, pull request 12`.
fn turn_text(what: &str, turn: &Turn) -> String {
    let mut parts = vec![match (&turn.commit, &turn.author) {
        (Some(commit), Some(author)) => format!("{what} in {} by {author}", short(commit)),
        (Some(_) | None, _) => format!("{what} in a commit that is not here"),
    }];
    parts.extend(turn.merge.as_ref().map(|merge| format!("merged by {}", short(merge))));
    parts.extend(turn.pull_request.map(|number| format!("pull request {number}")));
    parts.join(", ")
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// Renders the history as a table with a line of titles. What is not known is an empty cell.
pub fn history_csv(history: &History) -> String {
    let titles = [
        "group",
        "user",
        "app",
        "role",
        "from",
        "to",
        "until",
        "because",
        "from_commit",
        "from_author",
        "from_merge",
        "from_pull_request",
        "to_commit",
        "to_author",
        "to_merge",
        "to_pull_request",
    ];
    let rows = history.stretches.iter().map(|stretch| {
        let address = &stretch.address;
        let date = |turn: &Option<Turn>| turn.as_ref().map(|turn| turn.date.to_string()).unwrap_or_default();
        let about = |turn: &Option<Turn>| {
            let turn = turn.as_ref();
            let text = |of: fn(&Turn) -> Option<String>| turn.and_then(of).unwrap_or_default();
            [
                text(|turn| turn.commit.clone()),
                text(|turn| turn.author.clone()),
                text(|turn| turn.merge.clone()),
                text(|turn| turn.pull_request.map(|number| number.to_string())),
            ]
        };
        let cells = [
            address.group().map(ToString::to_string).unwrap_or_default(),
            address.user().map(ToString::to_string).unwrap_or_default(),
            address.access().map(|access| access.app.to_string()).unwrap_or_default(),
            address.access().map(|access| access.role.to_string()).unwrap_or_default(),
            date(&stretch.from),
            date(&stretch.to),
            stretch.until.map(|until| until.to_string()).unwrap_or_default(),
            stretch.because.clone().unwrap_or_default(),
        ];
        let cells = cells.into_iter().chain(about(&stretch.from)).chain(about(&stretch.to));
        cells.map(|text| cell(&text).into_owned()).collect()
    });
    table(&titles, rows)
}

/// What a tree ever declared.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    complete: bool,
    stretches: Vec<StretchDocument<'a>>,
    grants: Vec<GrantDocument<'a>>,
    users: Vec<UserDocument<'a>>,
    unread: Vec<UnreadDocument<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct StretchDocument<'a> {
    group: &'a GroupName,
    user: String,
    #[serde(flatten)]
    time: TimeDocument<'a>,
}

#[derive(Serialize, JsonSchema)]
struct GrantDocument<'a> {
    group: &'a GroupName,
    app: &'a str,
    role: &'a str,
    #[serde(flatten)]
    time: TimeDocument<'a>,
}

/// A time in which a user was declared active.
#[derive(Serialize, JsonSchema)]
struct UserDocument<'a> {
    user: String,
    #[serde(flatten)]
    time: TimeDocument<'a>,
}

#[derive(Serialize, JsonSchema)]
struct TimeDocument<'a> {
    #[schemars(with = "Option<String>")]
    until: Option<Date>,
    because: Option<&'a str>,
    from: Option<TurnDocument<'a>>,
    to: Option<TurnDocument<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct TurnDocument<'a> {
    commit: Option<&'a str>,
    #[schemars(with = "String")]
    date: Timestamp,
    author: Option<&'a str>,
    merge: Option<&'a str>,
    pull_request: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct UnreadDocument<'a> {
    commit: &'a str,
    path: &'a str,
    why: &'a str,
}

impl<'a> TurnDocument<'a> {
    fn of(turn: &'a Turn) -> Self {
        Self {
            commit: turn.commit.as_deref(),
            date: turn.date,
            author: turn.author.as_deref(),
            merge: turn.merge.as_deref(),
            pull_request: turn.pull_request,
        }
    }
}

pub(super) fn history_schema() -> String {
    schema::<Document<'_>>(formats::HISTORY)
}

/// Renders the history as a versioned JSON document, with a line break at its end.
pub fn history_json(history: &History) -> String {
    let (mut stretches, mut grants, mut users) = (Vec::new(), Vec::new(), Vec::new());
    for stretch in &history.stretches {
        let time = TimeDocument {
            until: stretch.until,
            because: stretch.because.as_deref(),
            from: stretch.from.as_ref().map(TurnDocument::of),
            to: stretch.to.as_ref().map(TurnDocument::of),
        };
        match &stretch.address {
            Address::Member(group, user) => {
                stretches.push(StretchDocument { group, user: user.to_string(), time });
            }
            Address::Grant(group, access) => {
                let (app, role) = (access.app.as_str(), access.role.as_str());
                grants.push(GrantDocument { group, app, role, time });
            }
            Address::User(user) => users.push(UserDocument { user: user.to_string(), time }),
            // Groups themselves are not followed.
            Address::Group(_) => {}
        }
    }
    let unread = history.unread.iter();
    pretty(&Document {
        format: formats::HISTORY,
        version: 1,
        complete: history.complete,
        stretches,
        grants,
        users,
        unread: unread.map(|UnreadFile { commit, path, why }| UnreadDocument { commit, path, why }).collect(),
    })
}
