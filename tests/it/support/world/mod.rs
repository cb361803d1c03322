//! Worlds for tests: a tree, and a live state that is derived from it, so that a test changes one thing.

mod live;

use rollbook::atlassian;
use rollbook::config;
use rollbook::model::{
    Capabilities, Declaration, Email, Guard, Header, Locator, Place, Plan, Questions, Revision, Snapshot,
    SnapshotHeader, SourceFile, Tree, UserRef,
};
use rollbook::plan::snapshot::{self, Disclosed, Names, SnapshotError};
use rollbook::plan::{self, Base, Beside, Context, Desired, Rates, Resolved, SavedPlan, Scope};
use rollbook::render::{self, Grouping};

pub(crate) use live::{Account, Group, Live};

/// The day on which tests happen.
pub(crate) const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 22);

/// A tree and a live state.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) files: Vec<(String, String)>,
    pub(crate) live: Live,
    pub(crate) today: jiff::civil::Date,
    pub(crate) scope: Scope,
    pub(crate) allow: Vec<Guard>,
    /// The files of the base revision, where there is one.
    pub(crate) base: Option<Vec<(String, String)>>,
    pub(crate) authors: Vec<Email>,
    /// Whether an apply of the base has completed.
    pub(crate) base_applied: bool,
    /// The files of the last commit whose apply completed, where the base is another one.
    pub(crate) applied: Option<Vec<(String, String)>>,
    /// A plan that was reviewed, where there is one.
    pub(crate) reviewed: Option<SavedPlan>,
    /// The site when a snapshot of it was taken, where there is one to compare with.
    pub(crate) before: Option<Live>,
    /// The day by the site's clock, where this machine's is not to be believed.
    pub(crate) site_day: Option<jiff::civil::Date>,
}

impl World {
    /// A world whose live state is what the tree asks for. `policy` goes into `rollbook.yaml`.
    pub(crate) fn of(policy: &str, users: &str, groups: &str) -> Self {
        let head = "version: 1\nsite: https://acme.atlassian.net\n";
        let mut files = vec![("rollbook.yaml".to_string(), format!("{head}{policy}"))];
        files.extend((!groups.is_empty()).then(|| ("groups/all.yaml".into(), format!("groups:\n{groups}"))));
        files.extend((!users.is_empty()).then(|| ("users/all.yaml".into(), format!("users:\n{users}"))));
        let mut world = Self {
            files,
            live: Live::default(),
            today: TODAY,
            scope: Scope::default(),
            allow: Vec::new(),
            base: None,
            authors: Vec::new(),
            base_applied: true,
            applied: None,
            reviewed: None,
            before: None,
            site_day: None,
        };
        world.live = world.matching();
        world
    }

    /// Replaces a text that is in one file.
    pub(crate) fn edit(mut self, from: &str, to: &str) -> Self {
        let (_, text) =
            self.files.iter_mut().find(|(_, text)| text.contains(from)).expect("the text stands somewhere");
        *text = text.replacen(from, to, 1);
        self
    }

    /// Adds `rollbook.lock`.
    pub(crate) fn lock(mut self, lock: &str) -> Self {
        self.files.push(("rollbook.lock".into(), format!("version: 1\n{lock}")));
        self.files.sort();
        self
    }

    pub(crate) fn change(mut self, change: impl FnOnce(&mut Live)) -> Self {
        change(&mut self.live);
        self
    }

    /// Makes the tree as it is the base for the edits that follow.
    pub(crate) fn then_base(mut self) -> Self {
        self.base = Some(self.files.clone());
        self
    }

    pub(crate) fn by(mut self, author: &str) -> Self {
        self.authors.push(Email::parse(author).unwrap());
        self
    }

    pub(crate) fn tree(&self) -> Tree {
        tree_of(&self.files)
    }

    pub(crate) fn declaration(&self) -> Declaration {
        self.declared(&self.files)
    }

    fn declared(&self, files: &[(String, String)]) -> Declaration {
        let parsed = config::parse(&tree_of(files), self.today);
        parsed.declaration.unwrap_or_else(|| panic!("{:#?}\n{:#?}", parsed.diagnostics, self.files))
    }

    /// What the tree asks for, as a live state.
    fn matching(&self) -> Live {
        let declaration = self.declaration();
        let desired = Desired::of(&declaration, self.today);
        let mut live = Live::default();
        for user in desired.people() {
            match user {
                UserRef::Email(email) => {
                    let declared = declaration.users.get(email);
                    let id = declared.and_then(|user| user.account.as_ref()).map(|pin| pin.value.to_string());
                    let id = id.unwrap_or_else(|| account_id(email));
                    live.accounts.insert(id, Account::person(email.as_str()));
                }
                UserRef::Account(id) => {
                    live.accounts.entry(id.to_string()).or_insert_with(|| Account::app("Robot"));
                }
            }
        }
        for (name, group) in &desired.groups {
            let members = group.members.keys().map(|user| match user {
                UserRef::Email(email) => live.id_of(email.as_str()),
                UserRef::Account(id) => id.to_string(),
            });
            let members = members.collect();
            live.groups.insert(format!("id-{name}"), Group::of(name.as_str(), members));
            for access in group.grants.iter().flat_map(|grants| grants.held.keys()) {
                let (app, role) = (access.app.to_string(), access.role.to_string());
                live.apps.insert(app.clone());
                live.grants.insert((format!("id-{name}"), app, role));
            }
        }
        live
    }

    pub(crate) fn plan(&self) -> Plan {
        self.plan_from(None).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The text of a snapshot, as `rollbook snapshot` makes it.
    pub(crate) fn snapshot(&self, redacted: bool) -> String {
        let declaration = self.declaration();
        let desired = Desired::of(&declaration, self.today);
        let mut snapshot = Snapshot {
            header: SnapshotHeader {
                taken: "2026-11-22T11:00:00Z".into(),
                rollbook: "test".into(),
                place: Place::of(&declaration.settings),
                redacted,
                key: String::new(),
                checksum: None,
            },
            readings: self.live.readings(&desired),
            asked: Questions::default(),
            answers: Capabilities::default(),
        };
        let live = snapshot::live_state(&snapshot, &desired, Beside::default()).unwrap();
        let tree = self.tree();
        let changes = plan::diff(&Resolved::of(desired.clone(), &live), &live, &Locator::new(&tree));
        let questions = plan::questions(&changes, &live, &declaration);
        snapshot.asked = snapshot::possible(&snapshot, &desired, &live);
        snapshot.asked.join(questions.clone());
        snapshot.answers = self.live.answer(&snapshot.asked, &declaration);
        if redacted {
            return snapshot::sealed_text(&snapshot::pseudonymized(snapshot, &Disclosed::default()));
        }
        let plan = self.plan_from(Some(&snapshot)).unwrap();
        let planned =
            snapshot::Planned { desired: &desired, live: &live, questions: &questions, plan: &plan };
        let shown = Disclosed::of(&snapshot, planned);
        snapshot::sealed_text(&snapshot::pseudonymized(snapshot, &shown))
    }

    /// The plan from the text of a snapshot.
    pub(crate) fn plan_from_text(&self, text: &str) -> Result<Plan, SnapshotError> {
        let declaration = self.declaration();
        let mut names = Names::of(&Desired::of(&declaration, self.today));
        if let Some(files) = &self.base {
            names.extend(Names::of(&Desired::of(&self.declared(files), self.today)));
        }
        names.emails.extend(self.authors.iter().cloned());
        let snapshot = snapshot::opened(text, &Place::of(&declaration.settings), &names)?;
        self.plan_from(Some(&snapshot))
    }

    /// The plan from the site, or from a snapshot.
    fn plan_from(&self, snapshot: Option<&Snapshot>) -> Result<Plan, SnapshotError> {
        let tree = self.tree();
        let declaration = self.declaration();
        let desired = Desired::of(&declaration, self.today).with_allowed(&self.allow);
        let base = self.base.as_ref().map(|files| (tree_of(files), self.declared(files)));
        let base = base.as_ref().map(|(tree, declaration)| (tree, Desired::of(declaration, self.today)));
        let base_desired = base.as_ref().map(|(_, desired)| desired);
        let beside = Beside { base: base_desired, authors: &self.authors, ..Beside::default() };
        let live = match snapshot {
            Some(snapshot) => snapshot::live_state(snapshot, &desired, beside)?,
            None => self.live.state(&desired, beside),
        };
        let before = self.before.as_ref().map(|before| before.state(&desired, beside).members);
        let base_locator = base.as_ref().map(|(tree, _)| Locator::new(tree));
        let base = base.zip(base_locator.as_ref()).map(|((_, desired), locator)| {
            let (commit, contained, applied) = (None, Some(true), self.base_applied);
            let revision = Revision { name: "main".into(), commit, contained, applied, behind: 0 };
            Base::of(desired, &live, locator, revision)
        });
        let applied = self.applied.as_ref().map(|files| self.declared(files));
        let applied = applied.as_ref().map(|declared| Resolved::of(Desired::of(declared, self.today), &live));
        let locator = Locator::new(&tree);
        let resolved = Resolved::of(desired.clone(), &live);
        let changes = plan::diff(&resolved, &live, &locator);
        let mut questions = plan::questions(&changes, &live, &declaration);
        questions
            .join(base.as_ref().map(|base| base.questions(&changes, &resolved, &live)).unwrap_or_default());
        let capabilities = match snapshot {
            Some(snapshot) => snapshot::capabilities(snapshot, &questions, &desired)?,
            None => self.live.answer(&questions, &declaration),
        };
        let digest = plan::tree_digest(&tree);
        Ok(plan::make(
            changes,
            &Context {
                tree: &resolved,
                locator: &locator,
                live: &live,
                capabilities: &capabilities,
                header: self.header(),
                tree_digest: &digest,
                scope: &self.scope,
                base: base.as_ref(),
                applied: applied.as_ref(),
                authors: &self.authors,
                undoes: false,
                notes: &[],
                reviewed: self.reviewed.as_ref(),
                before: before.as_ref(),
                site_day: self.site_day,
                rates: &RATES,
            },
        ))
    }

    fn header(&self) -> Header {
        Header {
            made: "2026-11-22T12:00:00Z".into(),
            today: self.today,
            commit: None,
            rollbook: "test".into(),
            snapshot: None,
            checksum: None,
        }
    }

    /// The plan of the moment as one that was reviewed, for how the tree and the site change later.
    pub(crate) fn then_reviewed(mut self) -> Self {
        let text = render::plan_json(&self.plan());
        self.reviewed = Some(SavedPlan::read(&text, "test").unwrap());
        self
    }

    /// The plan as people see it in 80 columns, without colour.
    pub(crate) fn text(&self) -> String {
        plain(&render::plan_text(&self.plan(), Grouping::Group, 80))
    }

    /// The plan as a reviewer sees it, without the fingerprint, which changes with every edit of a test.
    pub(crate) fn markdown(&self) -> String {
        let plan = self.plan();
        let short: String = plan.fingerprint.chars().take(8).collect();
        render::plan_markdown(&plan, render::CommentLimit::GITHUB).replace(&short, "[fingerprint]")
    }

    pub(crate) fn text_by_user(&self) -> String {
        plain(&render::plan_text(&self.plan(), Grouping::User, 80))
    }
}

fn tree_of(files: &[(String, String)]) -> Tree {
    let mut files: Vec<SourceFile> =
        files.iter().map(|(path, text)| SourceFile { path: path.clone(), text: text.clone() }).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Tree { files }
}

pub(crate) const RATES: Rates = Rates {
    per_second: atlassian::per_second,
    route: atlassian::route,
    members_a_page: atlassian::jira::MEMBERS_PAGE,
};

/// Takes the styles out, and the end of the last line, whose fingerprint changes with every edit of a test.
pub(crate) fn plain(text: &str) -> String {
    let text = anstream::adapter::strip_str(text).to_string();
    match text.find("fingerprint ") {
        Some(at) => text[..at].trim_end().to_string(),
        None => text,
    }
}

pub(crate) fn account_id(email: &Email) -> String {
    format!("acc-{}", email.as_str().to_lowercase())
}

/// The code of something in a plan that was made here, and not read from a file.
#[expect(clippy::ptr_arg, reason = "whether it is borrowed is what is asked")]
pub(crate) fn code(code: &std::borrow::Cow<'static, str>) -> &'static str {
    match code {
        std::borrow::Cow::Borrowed(code) => code,
        std::borrow::Cow::Owned(code) => panic!("{code} was read from a file"),
    }
}
