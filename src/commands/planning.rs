//! How commands make a plan: a tree, perhaps a base, reads, and the pure steps between them.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tracing::info;

use crate::atlassian::{self, Surfaces};
use crate::config;
use crate::error::Error;
use crate::fetch;
use crate::git;
use crate::model::{
    Capabilities, Declaration, Diagnostic, Header, Journal, LiveState, Locator, Note, Plan, Questions, Read,
    Revision, Rights, SelfGrant, Severity, Snapshot, Taken, Tree,
};
use crate::plan::snapshot::{self, SnapshotError};
use crate::plan::{self, Base, Beside, Context, Desired, Rates, Resolved, SavedPlan};
use crate::render;

use super::plan::{Against, Part};
use super::session::{Loaded, Session, VERSION, is_whole};

/// The published rate limits and page sizes, to estimate how long a plan takes.
const RATES: Rates = Rates {
    per_second: atlassian::per_second,
    route: atlassian::route,
    members_a_page: atlassian::jira::MEMBERS_PAGE,
};

/// The base that a tree is compared with.
#[derive(Debug)]
pub(super) struct LoadedBase {
    tree: Tree,
    declaration: Declaration,
    revision: Revision,
    /// The files of other trees that the change adds.
    added: Vec<String>,
}

impl LoadedBase {
    fn desired(&self, today: Date, part: &Part) -> Desired<'_> {
        Desired::of(&self.declaration, today).with_lookup(part.lookup())
    }

    pub(super) fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// A note if the change adds another tree to the repository.
    fn second_tree(&self) -> Option<Note> {
        let first = self.added.first()?;
        let text = format!(
            "the change adds {first}, a second tree of this repository: `--base applied` is refused with several trees, \
             so applies and nightly runs that use it end with 1"
        );
        Some(Note::new("second-tree", text, None))
    }

    /// Whether it is a commit, and not only a folder.
    pub(super) fn is_commit(&self) -> bool {
        self.revision.commit.is_some()
    }
}

/// The requested plan.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The part of the tree.
    pub(super) part: &'a Part,
    /// A reviewed plan: only its operations are kept in the new one.
    pub(super) reviewed: Option<&'a SavedPlan>,
    /// The run to revert, instead of a plan of the tree.
    pub(super) undo: Option<Undo<'a>>,
}

/// A run to revert.
#[derive(Clone, Copy)]
pub(super) struct Undo<'a> {
    /// Its journal.
    pub(super) journal: &'a Journal,
    /// The journal's name in a plan.
    pub(super) name: &'a str,
}

/// The source of a plan's reads.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// From the surfaces.
    Live(&'a Surfaces),
    /// From a file, without requests.
    Snapshot(&'a Snapshot),
}

/// A plan, its inputs, and the rights of its credential.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) rights: Rights,
    pub(super) live: LiveState,
    pub(super) questions: Questions,
}

impl<'a> Asked<'a> {
    /// Requests a plan of the tree.
    pub(super) fn of(part: &'a Part) -> Self {
        Self { part, reviewed: None, undo: None }
    }
}

impl Session {
    /// Reads the state that a plan needs, and makes it.
    pub(super) async fn plan(
        &self,
        source: Source<'_>,
        loaded: &Loaded,
        asked: &Asked<'_>,
    ) -> Result<Planned, Error> {
        let Asked { part, reviewed, undo } = *asked;
        let desired =
            Desired::of(&loaded.declaration, self.today).with_lookup(part.lookup()).with_allowed(&part.allow);
        let (base, applied) = (loaded.base.as_ref(), loaded.applied.as_ref());
        let (base_desired, applied_desired) = (
            base.map(|base| base.desired(self.today, part)),
            applied.map(|applied| applied.desired(self.today, part)),
        );
        let scope = part.scope();
        let concerned = undo.map(|undo| plan::concerned(undo.journal));
        let beside = Beside {
            base: base_desired.as_ref(),
            authors: &part.authors,
            undo: concerned.as_ref(),
            import: None,
        };
        let live = self.telling(Box::pin(source.live_state(&desired, beside))).await?;
        let tree = Resolved::of(desired, &live);
        let locator = Locator::new(&loaded.tree);
        let base_locator = base.map(|base| Locator::new(&base.tree));
        let base = match (base, base_desired, &base_locator) {
            (Some(base), Some(desired), Some(locator)) => {
                Some(Base::of(desired, &live, locator, base.revision.clone()))
            }
            _ => None,
        };
        let applied = applied_desired.map(|desired| Resolved::of(desired, &live));
        if let Some(target) = scope.unknown_targets(&tree.desired, &live).first() {
            return Err(Error::Usage(format!(
                "neither the tree nor the site has what --target {target} names"
            )));
        }
        let changes = match undo {
            Some(undo) => plan::undo(undo.journal, &tree, &live, undo.name),
            None => plan::diff(&tree, &live, &locator),
        };
        let mut questions = plan::questions(&changes, &live, &loaded.declaration);
        let asking = base.as_ref().filter(|_| undo.is_none());
        let judged = asking.map(|base| base.questions(&changes, &tree, &live)).unwrap_or_default();
        questions.join(judged.clone());
        let capabilities =
            self.telling(Box::pin(source.capabilities(&questions, &live, &tree.desired))).await?;
        can_judge(&judged, &capabilities)?;
        let context = Context {
            tree: &tree,
            locator: &locator,
            live: &live,
            capabilities: &capabilities,
            header: self.header(source, &loaded.tree)?,
            tree_digest: &plan::tree_digest(&loaded.tree),
            scope: &scope,
            base: base.as_ref(),
            applied: applied.as_ref(),
            authors: &part.authors,
            notes: &part.notes,
            reviewed,
            undoes: undo.is_some(),
            before: loaded.snapshot.as_ref().map(|snapshot| &snapshot.readings.members),
            site_day: source.site_day(self.day_named),
            rates: &RATES,
        };
        let mut plan = plan::make(changes, &context);
        plan.notes.extend(context.site_day.map(|day| clock_off(self.today, day)));
        plan.notes.extend(loaded.base.as_ref().and_then(LoadedBase::second_tree));
        for identified in &plan.identities {
            info!(user = %identified.user, account = %identified.account, from = %identified.from, "resolved");
        }
        Ok(Planned { plan, rights: live.rights.clone(), live, questions })
    }

    /// Reads the base of a tree: a revision of its repository, or another folder.
    pub(super) fn base(&self, named: &str) -> Result<LoadedBase, Error> {
        if named.trim().is_empty() {
            return Err(Error::Usage(
                "--base names nothing: it takes a revision, `applied` or a folder; if a variable sets it, that is empty"
                    .into(),
            ));
        }
        if named.starts_with('.') || Path::new(named).is_absolute() {
            if Path::new(named).join(config::ROOT).symlink_metadata().is_err() {
                return Err(Error::Usage(format!(
                    "--base {named} names a folder without a {}",
                    config::ROOT
                )));
            }
            let config::Loaded { tree, declaration, diagnostics } =
                config::load(Path::new(named), self.today);
            is_whole(Path::new(named), &tree)?;
            let revision = Revision { name: named.into(), ..Revision::default() };
            return self.declared(tree, revision, declaration, diagnostics);
        }
        let root = self.root()?;
        let git::At { tree, revision, .. } = match named {
            git::APPLIED_WORD => git::last_applied(&root)?,
            named => git::tree_at(&root, named)?,
        };
        let added = match &revision.commit {
            Some(commit) => git::trees_added(&root, commit)?,
            None => Vec::new(),
        };
        Ok(LoadedBase { added, ..self.valid(tree, revision)? })
    }

    /// Reads the tree at the commit that a platform names to compare this one with.
    pub(super) fn base_at(&self, against: &Against) -> Result<LoadedBase, Error> {
        let at = git::tree_at(&self.root()?, &against.commit)?.called(&against.name);
        let git::At { tree, mut revision, .. } = at;
        revision.behind = against.behind;
        revision.applied =
            against.applied.as_ref().is_some_and(|applied| revision.commit.as_ref() == Some(applied));
        self.valid(tree, revision)
    }

    fn valid(&self, tree: Tree, revision: Revision) -> Result<LoadedBase, Error> {
        let config::Parsed { declaration, diagnostics } = config::parse(&tree, self.today);
        self.declared(tree, revision, declaration, diagnostics)
    }

    /// The declaration of a base; its mistakes go to stderr.
    fn declared(
        &self,
        tree: Tree,
        revision: Revision,
        declaration: Option<Declaration>,
        mut diagnostics: Vec<Diagnostic>,
    ) -> Result<LoadedBase, Error> {
        if let Some(declaration) = declaration {
            return Ok(LoadedBase { tree, declaration, revision, added: Vec::new() });
        }
        diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
        let style = self.diagnostic_style(self.terminal.stderr_in_color());
        self.terminal.tell(&render::diagnostics(&tree, &diagnostics, style));
        Err(Error::InvalidBase(revision.name))
    }

    /// The tree at the last commit whose apply completed, if the base is another one and `self-grant` asks for changes that an
    /// apply allowed. If it cannot be read, it counts as unknown, and the guard says so.
    pub(super) fn applied(&self, loaded: &Loaded, part: &Part) -> Result<Option<LoadedBase>, Error> {
        let Some(base) = loaded.base.as_ref().filter(|base| !base.revision.applied) else { return Ok(None) };
        let refuses = |declaration: &Declaration| declaration.policy.self_grant == SelfGrant::Refuse;
        if !base.is_commit() || !(refuses(&base.declaration) || refuses(&loaded.declaration)) {
            return Ok(None);
        }
        let root = self.root()?;
        let at = match part.against.as_ref().map(|against| &against.applied) {
            None => git::last_applied(&root).ok(),
            Some(Some(commit)) => git::tree_at(&root, commit).ok(),
            Some(None) => None,
        };
        let Some(git::At { tree, revision, .. }) = at else { return Ok(None) };
        let declaration = config::parse(&tree, self.today).declaration;
        let added = Vec::new();
        Ok(declaration.map(|declaration| LoadedBase { tree, declaration, revision, added }))
    }

    fn header(&self, source: Source<'_>, tree: &Tree) -> Result<Header, Error> {
        let made = Timestamp::now();
        Ok(Header {
            made: made.to_string(),
            today: self.today,
            commit: git::commit_of(&self.root()?, tree),
            rollbook: VERSION.into(),
            snapshot: source.taken(made)?,
            checksum: None,
        })
    }
}

/// A note that this machine's date, by which end dates are checked, is not the site's.
fn clock_off(today: Date, site: Date) -> Note {
    let text = format!(
        "this machine's clock says {today}, and Atlassian's responses say {site}: no access expires until one of them \
         is set, or `--today` names the date; expired waivers may still be counted"
    );
    Note::new("clock-off", text, None)
}

/// Makes sure that rules can judge every membership of users whom the base offboards and the tree does not.
fn can_judge(asked: &Questions, capabilities: &Capabilities) -> Result<(), Error> {
    let mut unread =
        asked.memberships.iter().filter_map(|id| capabilities.unread(Read::Memberships, id.as_str()));
    unread.next().map_or(Ok(()), |unread| Err(fetch::Error::Unread(unread.clone()).into()))
}

impl Source<'_> {
    async fn live_state(self, desired: &Desired<'_>, beside: Beside<'_>) -> Result<LiveState, Error> {
        Ok(match self {
            Self::Live(surfaces) => fetch::live_state(surfaces, desired, beside).await?,
            Self::Snapshot(held) => snapshot::live_state(held, desired, beside)?,
        })
    }

    async fn capabilities(
        self,
        questions: &Questions,
        live: &LiveState,
        desired: &Desired<'_>,
    ) -> Result<Capabilities, Error> {
        let site = &desired.declaration.settings.site.value;
        Ok(match self {
            Self::Live(surfaces) => fetch::capabilities(surfaces, questions, live, site).await?,
            Self::Snapshot(held) => snapshot::capabilities(held, questions, desired)?,
        })
    }

    /// The date by the surfaces' clock, if this machine's decides and is more than a day off.
    fn site_day(self, day_named: bool) -> Option<Date> {
        match self {
            Self::Live(surfaces) if !day_named => {
                let there = Timestamp::now().checked_add(surfaces.clock_off()?).ok()?;
                Some(there.to_zoned(TimeZone::UTC).date())
            }
            Self::Live(_) | Self::Snapshot(_) => None,
        }
    }

    fn taken(self, made: Timestamp) -> Result<Option<Taken>, SnapshotError> {
        match self {
            Self::Live(_) => Ok(None),
            Self::Snapshot(held) => snapshot::taken(held, made).map(Some),
        }
    }
}
