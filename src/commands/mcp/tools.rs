//! The tools: what each takes, what it reads, and the document that it answers with.

use std::path::Path;
use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::config;
use crate::error::Error;
use crate::fetch::{self, Depth};
use crate::model::{Address, ErrorExt as _, GroupName, StatusFilter, UserFilter, formats};
use crate::plan::{self, Desired};
use crate::render;

use super::super::planning::{Asked, Source};
use super::super::session::Known;
use super::super::{Session, connect, explain, plan::Part, reserved};
use super::pages::{MOST, Pages, USUAL};

/// Why a call has no answer, as a text.
#[derive(Debug)]
pub(super) struct Failed(pub(super) String);

/// A call whose arguments are right.
pub(super) enum Call {
    Check(Page),
    Plan(PlanArguments),
    Explain(ExplainArguments),
    Users(UsersArguments),
}

/// Which part of the answer the call asks for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// How many rows the answer may have, 1 to 1000; 100 if left out
    limit: Option<usize>,
    /// The `next` of an answer, for its next page; everything else but `limit` is then ignored
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanArguments {
    /// Only these addresses and what they require, such as `group.developers` or `user.ada@acme.com`
    #[serde(default)]
    target: Vec<String>,
    /// A git revision to compare with, such as `origin/main`: tells the branch's changes from drift
    base: Option<String>,
    /// How many rows the answer may have, 1 to 1000; 100 if left out
    limit: Option<usize>,
    /// The `next` of an answer, for its next page; everything else but `limit` is then ignored
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainArguments {
    /// An email, `account:ID`, the name of a group, or an address such as `member.GROUP/EMAIL`
    #[serde(default)]
    about: String,
    /// How many rows the answer may have, 1 to 1000; 100 if left out
    limit: Option<usize>,
    /// The `next` of an answer, for its next page; everything else but `limit` is then ignored
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UsersArguments {
    /// Only members of one of these groups
    #[serde(default)]
    groups: Vec<String>,
    /// Only accounts of this status; `active` if left out
    #[serde(default)]
    status: Status,
    /// Only users whose email is at none of these domains
    #[serde(default)]
    outside: Vec<String>,
    /// How many rows the answer may have, 1 to 1000; 100 if left out
    limit: Option<usize>,
    /// The `next` of an answer, for its next page; everything else but `limit` is then ignored
    cursor: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Status {
    #[default]
    Active,
    Suspended,
    Deactivated,
    Inactive,
    All,
}

/// The tools, as they are listed.
pub(super) fn listed() -> Vec<Tool> {
    let page =
        " The answer is a page: `rows` counts the rows of all its lists together, and `next` leads to more.";
    let tool = |name: &'static str, what: &str, input: JsonObject, format: &str| {
        let hints = ToolAnnotations::new().read_only(true).destructive(false).idempotent(true);
        Tool::new_with_raw(name, Some(format!("{what}{page}").into()), Arc::new(input))
            .with_raw_output_schema(Arc::new(output(format)))
            .annotate(hints.open_world(!["check", "explain"].contains(&name)))
    };
    vec![
        tool(
            "check",
            "Lists every mistake and warning of the configuration, with its place and the remedy. Asks no site.",
            input::<Page>(),
            formats::DIAGNOSTICS,
        ),
        tool(
            "plan",
            "Reads the site and lists what would change to make it as the configuration says. Changes nothing.",
            input::<PlanArguments>(),
            formats::PLAN,
        ),
        tool(
            "explain",
            "Explains why a user is in a group: every way, with its file, line and reason. Asks no site.",
            input::<ExplainArguments>(),
            formats::EXPLANATION,
        ),
        tool(
            "users",
            "Reads the site and lists its users, with their groups and last activity.",
            input::<UsersArguments>(),
            formats::USERS,
        ),
    ]
}

/// The schema of a tool's arguments.
fn input<T: JsonSchema>() -> JsonObject {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    plain(schema.to_value())
}

/// The schema of a tool's answers: that of the document, with what a page adds.
fn output(format: &str) -> JsonObject {
    let schema = render::schema_of(format).and_then(|text| serde_json::from_str(&text).ok());
    let mut schema = plain(schema.unwrap_or_else(|| json!({ "type": "object" })));
    for (name, of) in
        [("rows", json!({ "type": "integer" })), ("next", json!({ "type": ["string", "null"] }))]
    {
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.insert(name.to_owned(), of);
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.push(name.into());
        }
    }
    schema
}

/// A schema without what clients stumble over: formats of numbers that they do not know, and its own address.
fn plain(mut schema: Value) -> JsonObject {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                let number = |it: &Value| {
                    it.as_str().is_some_and(|it| it.starts_with("int") || it.starts_with("uint"))
                };
                if fields.get("format").is_some_and(number) {
                    fields.shift_remove("format");
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    strip(&mut schema);
    match schema {
        Value::Object(mut fields) => {
            fields.shift_remove("$schema");
            fields
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

impl Call {
    /// Reads a call; `None` if there is no such tool.
    pub(super) fn of(name: &str, arguments: Value) -> Option<Result<Self, Failed>> {
        Some(match name {
            "check" => read(arguments).map(Self::Check),
            "plan" => read(arguments).map(Self::Plan),
            "explain" => read(arguments).map(Self::Explain),
            "users" => read(arguments).map(Self::Users),
            _ => return None,
        })
    }

    /// Reads what is asked for, and gives a page of it.
    pub(super) async fn answer(self, session: &Session, pages: &Pages) -> Result<Value, Failed> {
        let (limit, cursor) = match &self {
            Self::Check(Page { limit, cursor })
            | Self::Plan(PlanArguments { limit, cursor, .. })
            | Self::Explain(ExplainArguments { limit, cursor, .. })
            | Self::Users(UsersArguments { limit, cursor, .. }) => (*limit, cursor.clone()),
        };
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Failed(format!("`limit` is {limit}, and may be 1 to {MOST}")));
        }
        if let Some(cursor) = cursor {
            return pages.next(&cursor, limit);
        }
        let text = match self {
            Self::Check(_) => check(session),
            Self::Plan(arguments) => arguments.plan(session).await,
            Self::Explain(arguments) => arguments.explain(session),
            Self::Users(arguments) => arguments.users(session).await,
        };
        let text = text.map_err(|error| {
            let help = error.help().map(|help| format!(" {help}")).unwrap_or_default();
            let check =
                if matches!(error, Error::Invalid(_)) { " The tool `check` lists its mistakes." } else { "" };
            Failed(format!("{}.{help}{check}", render::escape_untrusted(&error.chain())))
        })?;
        let document: Map<String, Value> =
            serde_json::from_str(&text).map_err(|error| Failed(error.to_string()))?;
        pages.first(&document, limit)
    }
}

fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, Failed> {
    serde_json::from_value(arguments).map_err(|error| Failed(format!("the arguments are not right: {error}")))
}

fn check(session: &Session) -> Result<String, Error> {
    let root = session.root()?;
    let mut loaded = config::load(&root, session.today);
    loaded.diagnostics.extend(config::not_included(&root, &loaded.tree));
    super::super::session::is_whole(&root, &loaded.tree)?;
    loaded.diagnostics.extend(reserved::tracked(&root));
    Ok(render::diagnostics_json(&loaded.tree, &loaded.diagnostics))
}

impl PlanArguments {
    async fn plan(self, session: &Session) -> Result<String, Error> {
        let address = |text: &String| {
            text.parse::<Address>()
                .map_err(|error| Error::Usage(format!("`target` {text:?} is not an address: {error}")))
        };
        if let Some(base) = &self.base
            && (base.starts_with(['.', '-']) || Path::new(base).is_absolute())
        {
            return Err(Error::Usage(format!(
                "`base` {base:?} is not a revision of git: no folder is read but the tree's"
            )));
        }
        let target = self.target.iter().map(address).collect::<Result<_, Error>>()?;
        let part = Part { target, base: self.base, ..Part::default() };
        let loaded = session.load_compared(&part, Known::NotIgnored)?;
        let surfaces = connect(session, &loaded.declaration.settings)?;
        let planned = session.plan(Source::Live(&surfaces), &loaded, &Asked::of(&part)).await?;
        Ok(render::plan_json(&planned.plan))
    }
}

impl ExplainArguments {
    fn explain(&self, session: &Session) -> Result<String, Error> {
        let loaded = session.load()?;
        let explained = explain::declared(session, &loaded, &self.about);
        let Some((_, explanation)) = explained else {
            let name = &self.about;
            return Err(Error::Usage(format!(
                "the tree declares no person and no group named {name:?}; the tool `users` lists those of the site"
            )));
        };
        Ok(render::explanation_json(&self.about, &explanation))
    }
}

impl UsersArguments {
    async fn users(self, session: &Session) -> Result<String, Error> {
        let loaded = session.load()?;
        let settings = &loaded.declaration.settings;
        let surfaces = connect(session, settings)?;
        let mut report = Box::pin(fetch::user_report(&surfaces, &settings.site.value, Depth::Groups)).await?;
        plan::declare(&mut report, &Desired::of(&loaded.declaration, session.today));
        let on_site = |name: &String| {
            let found = plan::group_on_site(&report, &GroupName::new(name)).cloned();
            found.ok_or_else(|| Error::Usage(format!("the site has no group {name:?}")))
        };
        let filter = UserFilter {
            groups: self.groups.iter().map(on_site).collect::<Result<_, Error>>()?,
            status: match self.status {
                Status::Active => StatusFilter::Active,
                Status::Suspended => StatusFilter::Suspended,
                Status::Deactivated => StatusFilter::Deactivated,
                Status::Inactive => StatusFilter::Inactive,
                Status::All => StatusFilter::Any,
            },
            outside: self.outside.iter().map(|domain| domain.trim_start_matches('@').to_owned()).collect(),
            apps: Vec::new(),
            undeclared: false,
        };
        plan::choose(&mut report, &filter);
        Ok(render::user_report_json(&report))
    }
}
