//! The whole way from a tree and a sandbox to a report, in this process.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Instant;

use jiff::Timestamp;
use rollbook::apply::{Executor, JournalWriter};
use rollbook::atlassian::{Client, Credential, Endpoints, Jira, Options, Overrides, Surfaces, TokenKind};
use rollbook::config;
use rollbook::fetch;
use rollbook::journal::parse;
use rollbook::model::{
    AccountId, Begin, Declaration, Header, JOURNAL_FORMAT, Journal, LiveAccount, Locator, OperationState,
    Outcome, Plan, Record, Report, Response, SourceFile, Tree,
};
use rollbook::plan::{self, Beside, Context, Desired, Resolved, Scope};
use rollbook::sandbox::{self, Sandbox, Seed, SeedGroup, SeedUser, State};
use tokio::sync::watch;

use super::front::Front;
use crate::world::{RATES, TODAY};

/// What an executor is given that is asked for no invitation.
pub(crate) const NO_ACCOUNTS: &BTreeMap<AccountId, LiveAccount> = &BTreeMap::new();

/// The token of the credential that a seed without credentials gets.
const TOKEN: &str = "sandbox-token";

/// The email of the site's administrator, whom every seed here has.
pub(crate) const ROOT: &str = "root@acme.com";

/// A tree of one or more files.
pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
    let files = files.iter().map(|(path, text)| SourceFile { path: (*path).into(), text: (*text).into() });
    let mut files: Vec<SourceFile> = files.collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Tree { files }
}

/// A tree of one file; `text` follows version and site.
pub(crate) fn one_file(text: &str) -> Tree {
    tree(&[("rollbook.yaml", &format!("version: 1\nsite: https://acme.atlassian.net\n{text}"))])
}

/// A sandbox of a seed in YAML, to which the site's name, its administrator and their group are added.
pub(crate) fn seeded(yaml: &str, options: &sandbox::Options) -> Front {
    let mut seed = Seed::parse(yaml).unwrap();
    with_root(&mut seed);
    Front::new(Sandbox::new(&seed, options).unwrap())
}

/// Adds what every sandbox here has.
pub(crate) fn with_root(seed: &mut Seed) {
    "acme".clone_into(&mut seed.site.name);
    seed.users.push(SeedUser { email: Some(ROOT.to_owned()), ..SeedUser::default() });
    let members = vec![ROOT.to_owned()];
    let name = "site-admins".to_owned();
    seed.groups.push(SeedGroup { name, site_admin: true, members, ..SeedGroup::default() });
}

/// A client of its own, as a run of Rollbook has one, with so many requests in flight at most.
pub(crate) fn surfaces(front: &Front, in_flight: usize) -> Surfaces {
    surfaces_with(front, Options { in_flight, seed: 7, ..Options::default() })
}

/// A client of its own, with these options.
pub(crate) fn surfaces_with(front: &Front, options: Options) -> Surfaces {
    let endpoints = Endpoints::new("https://acme.atlassian.net", &Overrides::default()).unwrap();
    let credential =
        Credential::Basic { email: ROOT.into(), token: TOKEN.to_owned().into(), kind: TokenKind::Classic };
    let jira = Jira::new(Client::in_process(front.router(), endpoints, credential, options).unwrap());
    Surfaces { jira: Some(jira), ..Surfaces::default() }
}

/// A wall clock that goes with tokio's, paused or not, so that a moment which an answer names is as far away as the
/// sandbox meant it. The sandbox has to start at this time, too.
pub(crate) fn wall() -> Timestamp {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = *START.get_or_init(Instant::now);
    let noon: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    noon + tokio::time::Instant::now().into_std().saturating_duration_since(start)
}

/// What a tree declares.
pub(crate) fn declared(tree: &Tree) -> Declaration {
    let parsed = config::parse(tree, TODAY);
    parsed.declaration.unwrap_or_else(|| panic!("{:#?}\n{tree:#?}", parsed.diagnostics))
}

/// Reads what a plan needs, and makes it.
pub(crate) async fn plan(surfaces: &Surfaces, tree: &Tree) -> Result<Plan, PlanError> {
    plan_of(surfaces, tree, &declared(tree)).await
}

/// Plans what a tree is known to declare.
pub(crate) async fn plan_of(
    surfaces: &Surfaces,
    tree: &Tree,
    declaration: &Declaration,
) -> Result<Plan, PlanError> {
    plan_or_undo(surfaces, tree, declaration, None).await
}

/// Plans what takes a run back, or what a tree declares.
pub(crate) async fn plan_or_undo(
    surfaces: &Surfaces,
    tree: &Tree,
    declaration: &Declaration,
    undo: Option<&Journal>,
) -> Result<Plan, PlanError> {
    let desired = Desired::of(declaration, TODAY);
    let concerned = undo.map(plan::concerned);
    let beside = Beside { undo: concerned.as_ref(), ..Beside::default() };
    let live = fetch::live_state(surfaces, &desired, beside).await.map_err(PlanError::Live)?;
    let resolved = Resolved::of(desired, &live);
    let locator = Locator::new(tree);
    let changes = match undo {
        Some(journal) => plan::undo(journal, &resolved, &live, "journal.jsonl"),
        None => plan::diff(&resolved, &live, &locator),
    };
    let questions = plan::questions(&changes, &live, declaration);
    let site = &declaration.settings.site.value;
    let capabilities =
        fetch::capabilities(surfaces, &questions, &live, site).await.map_err(PlanError::Capabilities)?;
    let header = Header {
        made: "2026-11-22T12:00:00Z".into(),
        today: TODAY,
        commit: None,
        rollbook: "test".into(),
        snapshot: None,
        checksum: None,
    };
    let context = Context {
        tree: &resolved,
        locator: &locator,
        live: &live,
        capabilities: &capabilities,
        header,
        tree_digest: &plan::tree_digest(tree),
        scope: &Scope::default(),
        base: None,
        applied: None,
        authors: &[],
        undoes: undo.is_some(),
        notes: &[],
        reviewed: None,
        before: None,
        site_day: None,
        rates: &RATES,
    };
    Ok(plan::make(changes, &context))
}

/// Why there is no plan.
#[derive(Debug)]
pub(crate) enum PlanError {
    /// There is no live state.
    Live(fetch::Error),
    /// A question was not answered.
    Capabilities(fetch::Error),
}

/// Carries a plan out, to its end.
pub(crate) async fn apply(surfaces: &Surfaces, plan: &Plan, concurrency: usize) -> Report {
    apply_journalled(surfaces, plan, concurrency).await.0
}

/// The same, with what the run wrote down.
pub(crate) async fn apply_journalled(
    surfaces: &Surfaces,
    plan: &Plan,
    concurrency: usize,
) -> (Report, Journal) {
    let (_stop, stopped) = watch::channel(false);
    let journal = journal(plan).await;
    let report = Executor {
        surfaces,
        journal: &journal,
        concurrency,
        stop: stopped,
        deadline: None,
        accounts: NO_ACCOUNTS,
    }
    .run(plan, |_| ())
    .await;
    journal_tells(&journal, &report);
    let journal = read(&journal);
    (report, journal)
}

/// A journal that is kept in memory, and has begun.
pub(crate) async fn journal(plan: &Plan) -> JournalWriter {
    journal_with_room(plan, usize::MAX).await
}

/// The same, with room for so many bytes.
pub(crate) async fn journal_with_room(plan: &Plan, room: usize) -> JournalWriter {
    let journal = JournalWriter::in_memory(room, || "2026-11-22T12:00:00Z".parse().unwrap());
    let begin = Begin {
        format: JOURNAL_FORMAT.into(),
        rollbook: "test".into(),
        site: plan.site.clone(),
        organization: None,
        account: None,
        operator: None,
        fingerprint: plan.fingerprint.clone(),
        commit: None,
        today: None,
        allowed: Vec::new(),
        operations: plan.operations.len(),
    };
    journal.write(vec![Record::Begin(begin)]).await.unwrap();
    journal
}

/// What a journal says, which must be as it was written.
pub(crate) fn read(journal: &JournalWriter) -> Journal {
    let parsed = parse(journal.text().as_bytes());
    assert_eq!(parsed.broken, None, "{}", journal.text());
    parsed.journal
}

/// A journal tells what a report tells: no more and no less was sent, and each became the same.
pub(crate) fn journal_tells(journal: &JournalWriter, report: &Report) {
    let journal = read(journal);
    let told = journal.operations();
    assert_eq!(told.len(), report.outcomes.len());
    for (key, outcome) in &report.outcomes {
        let told = told.iter().find(|told| told.key == key).unwrap();
        // A journal keeps texts cut.
        let OperationState::Settled(became) = told.state else { panic!("{key}: {:?}", told.state) };
        assert_eq!(serde_json::json!(became), serde_json::json!(outcome), "{key}");
        assert_eq!(told.sent.is_none(), told.answers.is_empty(), "{key}: what is sent is answered");
        let answers: Vec<&Response> = told.answers.iter().map(|answer| &answer.said).collect();
        match outcome {
            Outcome::Skipped { .. } => assert_eq!(answers, [&Response::NotSent; 0], "{key}"),
            Outcome::NotAttempted => assert!(answers.iter().all(|said| **said == Response::NotSent), "{key}"),
            Outcome::Applied { .. }
            | Outcome::Unconfirmed
            | Outcome::Satisfied
            | Outcome::Failed { .. }
            | Outcome::Unsettled { .. } => {
                assert!(answers.iter().any(|said| **said != Response::NotSent), "{key}");
            }
        }
        // Nothing is sent a second time that was not looked for in between.
        assert!(answers.len() <= told.looks.len() + 1, "{key}: {answers:?}");
    }
    assert!(journal.end().is_some());
}

/// Outcomes as one reads them: `word key`, with the reason where there is one.
pub(crate) fn told(report: &Report) -> Vec<String> {
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Applied { seen: true } => "seen".to_owned(),
        Outcome::Applied { seen: false } => "not yet visible".to_owned(),
        Outcome::Unconfirmed => "not read".to_owned(),
        Outcome::Satisfied | Outcome::NotAttempted => outcome.as_str().to_owned(),
        Outcome::Failed { why } | Outcome::Unsettled { why } => format!("{}: {why}", outcome.as_str()),
        Outcome::Skipped { requires } => format!("skipped: requires {requires}"),
    };
    report.outcomes.iter().map(|(key, got)| format!("{key}: {}", outcome(got))).collect()
}

/// The names of the members of a group, by what is true.
pub(crate) fn members(state: &State, group: &str) -> Vec<String> {
    let group = state.group_named(group).map(|id| &state.groups[id]);
    let names = group.unwrap().members.iter().map(|id| state.accounts[id].name.clone());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A plan as the bytes that are saved.
pub(crate) fn bytes(plan: &Plan) -> String {
    rollbook::render::plan_json(plan)
}
