//! How commands make a plan: a tree, perhaps a base, reads, and the pure steps between them.

use std::path::Path;

use jiff::Timestamp;
use tracing::info;

use crate::atlassian::{self, Surfaces};
use crate::config;
use crate::error::Error;
use crate::fetch;
use crate::git;
use crate::model::{Declaration, Header, Journal, Locator, Plan, Revision, Rights, Severity, Tree};
use crate::plan::{self, Base, Beside, Context, Desired, Rates, SavedPlan};
use crate::render;

use super::plan::Part;
use super::session::{Loaded, Session, VERSION};

/// What the published rate limits and page sizes make of a plan.
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
}

/// Which plan is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The part of the tree.
    pub(super) part: &'a Part,
    /// A plan that was reviewed: of the new one, what it has is kept.
    pub(super) reviewed: Option<&'a SavedPlan>,
    /// What is to be taken back, instead of what the tree asks for.
    pub(super) undo: Option<Undo<'a>>,
}

/// A run that is to be taken back.
#[derive(Clone, Copy)]
pub(super) struct Undo<'a> {
    /// What it wrote down.
    pub(super) journal: &'a Journal,
    /// What a plan calls the journal.
    pub(super) name: &'a str,
}

/// A plan, and what the credential it was made with may do.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) rights: Rights,
}

impl<'a> Asked<'a> {
    /// A plan of what the tree asks for.
    pub(super) fn of(part: &'a Part) -> Self {
        Self { part, reviewed: None, undo: None }
    }
}

impl Session {
    /// Reads what a plan needs, and makes it.
    pub(super) async fn plan(
        &self,
        surfaces: &Surfaces,
        loaded: &Loaded,
        asked: &Asked<'_>,
    ) -> Result<Planned, Error> {
        let Asked { part, reviewed, undo } = *asked;
        let desired =
            Desired::of(&loaded.declaration, self.today).with_lookup(part.lookup()).with_allowed(&part.allow);
        let base = loaded.base.as_ref();
        let base_desired =
            base.map(|base| Desired::of(&base.declaration, self.today).with_lookup(part.lookup()));
        let scope = part.scope();
        let concerned = undo.map(|undo| plan::concerned(undo.journal));
        let beside = Beside {
            base: base_desired.as_ref(),
            author: part.author.as_ref(),
            undo: concerned.as_ref(),
            import: None,
        };
        let live = self.telling(Box::pin(fetch::live_state(surfaces, &desired, beside))).await?;
        let base = base.zip(base_desired.as_ref()).map(|(base, desired)| {
            Base::of(desired, &live, &Locator::new(&base.tree), base.revision.clone())
        });
        if let Some(target) = scope.unknown_targets(&desired, &live).first() {
            return Err(Error::Usage(format!(
                "neither the tree nor the site has what --target {target} names"
            )));
        }
        let changes = match undo {
            Some(undo) => plan::undo(undo.journal, &live, undo.name),
            None => plan::diff(&desired, &live, &Locator::new(&loaded.tree)),
        };
        let questions = plan::questions(&changes, &live, &loaded.declaration);
        let site = &loaded.declaration.settings.site.value;
        let capabilities =
            self.telling(Box::pin(fetch::capabilities(surfaces, &questions, &live, site))).await?;
        let context = Context {
            desired: &desired,
            live: &live,
            capabilities: &capabilities,
            header: self.header()?,
            tree_digest: &plan::tree_digest(&loaded.tree),
            scope: &scope,
            base: base.as_ref(),
            author: part.author.as_ref(),
            reviewed,
            rates: &RATES,
        };
        let plan = plan::route(changes, &context);
        for identified in &plan.identities {
            info!(user = %identified.user, account = %identified.account, from = %identified.from, "resolved");
        }
        Ok(Planned { plan, rights: live.rights })
    }

    /// Reads what a tree is compared with: a revision of its repository, or another folder.
    pub(super) fn base(&self, named: &str) -> Result<LoadedBase, Error> {
        let folder = named.starts_with('.') || Path::new(named).is_absolute();
        let (tree, mut diagnostics, declaration, revision) = if folder {
            let config::Loaded { tree, declaration, diagnostics } =
                config::load(Path::new(named), self.today);
            (tree, diagnostics, declaration, Revision { name: named.into(), commit: None, contained: None })
        } else {
            let git::At { tree, revision } = git::tree_at(&self.root()?, named)?;
            let config::Parsed { declaration, diagnostics } = config::parse(&tree, self.today);
            (tree, diagnostics, declaration, revision)
        };
        if let Some(declaration) = declaration {
            return Ok(LoadedBase { tree, declaration, revision });
        }
        diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
        let style = self.diagnostic_style(self.terminal.stderr_in_color());
        self.terminal.tell(&render::diagnostics(&tree, &diagnostics, style));
        Err(Error::InvalidBase(named.to_owned()))
    }

    fn header(&self) -> Result<Header, Error> {
        Ok(Header {
            made: Timestamp::now().to_string(),
            today: self.today,
            commit: git::clean_commit(&self.root()?),
            rollbook: VERSION.into(),
            checksum: None,
        })
    }
}
