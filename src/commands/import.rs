//! `rollbook import`.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use crate::atlassian::Surfaces;
use crate::config::{self, FilePer};
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch;
use crate::model::{
    Additions, Declaration, Diagnostic, GroupFacts, Import, ImportedGroup, LiveState, Locator, Read, Reading,
    SourceFile, Tree, listed,
};
use crate::plan::{self, Beside, Desired, Lookup, Resolved, Selection};
use crate::render::{self, count};

use super::connect::connect_to_start;
use super::lock::{SHOWN, offer_emails};
use super::rewrite::{changed, differences, write};
use super::session::Loaded;
use super::{OUTPUT, SAFETY, SELECTION, Session, block_on, connect};

/// The arguments of `import`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Start a configuration for this site, in the current folder or the one of -C
    #[arg(long, value_name = "URL")]
    site: Option<String>,
    /// The ID of the organization of a new configuration
    #[arg(long, value_name = "ID", requires = "site")]
    organization: Option<String>,
    /// Only groups of this name, with * and ? as wildcards; may be repeated
    #[arg(long, value_name = "NAME", help_heading = SELECTION)]
    group: Vec<String>,
    /// The groups to put into one file
    #[arg(long, value_name = "WHAT", default_value = "group", help_heading = OUTPUT)]
    file_per: Per,
    /// Also declare active people under `users`
    #[arg(long, help_heading = SELECTION)]
    users: bool,
    /// Also declare the roles in apps that groups give, as `grants`
    #[arg(long, help_heading = SELECTION)]
    grants: bool,
    /// Write nothing; show what would change, and exit with 1 when something would
    #[arg(long, help_heading = SAFETY)]
    check: bool,
}

/// What `--grants` needs.
const NO_ORGANIZATION: &str = "--grants reads what groups give from the organization alone: set ROLLBOOK_ORG_API_KEY, and \
                               `organization` in rollbook.yaml";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Per {
    /// A file for each group.
    Group,
    /// A file for all groups whose names start alike, up to the first `-`, `_`, `.` or space.
    Prefix,
}

/// Declares everything that the site has and the tree lacks: groups with their members, members of declared groups, people.
/// It only adds; the next plan asks for nothing more than before.
///
/// # Errors
/// [`Error`] when the tree or the site cannot be read, when the tree with the import would be invalid or ask for
/// something, and when a file cannot be written; files written before that are complete.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let (root, on_disk, loaded) = tree(session, arguments)?;
    let settings = &loaded.declaration.settings;
    let surfaces = match &arguments.site {
        Some(_) => connect_to_start(session, settings)?,
        None => connect(session, settings)?,
    };
    let selection = Selection::of(&arguments.group);
    let desired = Desired::of(&loaded.declaration, session.today);
    let additions = Additions { users: arguments.users, grants: arguments.grants };
    let (live, facts, unmarked) =
        block_on(session.telling(read(&surfaces, &loaded.declaration, &desired, &selection, additions)))?;
    if let Some(name) = selection.unmatched(&live).first() {
        return Err(Error::Usage(format!("the site has no group that matches --group {name}")));
    }
    let import = plan::import(&desired, &live, &facts, &selection, additions);
    let per = arguments.file_per.file_per();
    let Declared { tree, import, unresolved } =
        declare(&loaded.tree, &loaded.declaration, import, &live, (per, session.today))?;

    let files = changed(&on_disk, &tree);
    if arguments.check {
        session.data(&differences(&files))?;
    } else {
        write(session, &root, &files)?;
    }
    session.terminal.say(&summary(&import, if arguments.check { "would import" } else { "imported" }));
    for left in &import.left {
        session.terminal.tell(&format!(
            "left out: {}: {}",
            render::escape_untrusted(&left.address.to_string()),
            render::escape_untrusted(&left.why)
        ));
    }
    if !import.unnamed.is_empty() {
        session.terminal.say(&unnamed(&import.unnamed));
    }
    offer_emails(session, &plan::emails_of_accounts(&desired, &live, &BTreeMap::new()));
    if let Some(unmarked) = unmarked {
        session.terminal.say(&format!("note: {}", render::escape_untrusted(&unmarked)));
    }
    if !unresolved.is_empty() {
        let style = session.diagnostic_style(session.terminal.stderr_in_color());
        session.terminal.tell(&render::diagnostics(&tree, &unresolved, style));
    }
    Ok(match (arguments.check && !files.is_empty(), import.left.is_empty() && unresolved.is_empty()) {
        (true, _) => Exit::Failed,
        (false, false) => Exit::Incomplete,
        (false, true) => Exit::Done,
    })
}

/// The tree's folder, its files on disk, and the loaded tree; a new one has no file yet.
fn tree(session: &Session, arguments: &Arguments) -> Result<(PathBuf, Tree, Loaded), Error> {
    let Some(site) = &arguments.site else {
        let loaded = session.load()?;
        return Ok((session.root()?, loaded.tree.clone(), loaded));
    };
    if let Ok(root) = session.root() {
        let root = root.display();
        return Err(Error::Usage(format!("--site starts a tree, and there is one in {root} already")));
    }
    let here = || env::current_dir().map_err(Error::io("failed to find the current folder"));
    let root = session.dir.clone().map_or_else(here, Ok)?;
    for folder in ["groups", "users"] {
        if root.join(folder).symlink_metadata().is_ok() {
            let message = format!("--site starts a tree, and {} has a {folder} already", root.display());
            return Err(Error::Usage(message));
        }
    }
    let text = config::root_text(site, arguments.organization.as_deref());
    let tree = Tree { files: vec![SourceFile { path: config::ROOT.into(), text }] };
    let parsed = config::parse(&tree, session.today);
    let Some(declaration) = parsed.declaration else {
        let style = session.diagnostic_style(session.terminal.stderr_in_color());
        session.terminal.tell(&render::diagnostics(&tree, &parsed.diagnostics, style));
        return Err(Error::Usage("--site and --organization do not make a valid tree".into()));
    };
    Ok((root, Tree::default(), Loaded { tree, declaration, base: None, applied: None, snapshot: None }))
}

/// Reads the selected groups, everybody, and the other properties of the groups; also returns the properties that cannot be
/// known, and why.
///
/// # Errors
/// [`Error`] when a read fails.
pub async fn read(
    surfaces: &Surfaces,
    declaration: &Declaration,
    desired: &Desired<'_>,
    selection: &Selection,
    additions: Additions,
) -> Result<(LiveState, GroupFacts, Option<String>), Error> {
    let giving = match (additions.grants, &surfaces.organization) {
        (false, _) => None,
        (true, Some(organization)) => Some(organization),
        (true, None) => return Err(Error::Usage(NO_ORGANIZATION.into())),
    };
    let for_lock = desired.clone().with_lookup(Lookup::ForLock);
    let beside = Beside { import: Some(selection), ..Beside::default() };
    let mut live = Box::pin(fetch::live_state(surfaces, &for_lock, beside)).await?;
    let questions = plan::import_questions(desired, &live, selection);
    let site = &declaration.settings.site.value;
    if let Some(organization) = giving {
        let asked = plan::groups_to_grant(desired, &live, selection);
        let resources = organization.resources(site).await.map_err(fetch::Error::from)?;
        let read = fetch::roles_of_groups(organization, resources, &asked).await;
        live.grants.join(read.map_err(fetch::Error::from)?);
    }
    let capabilities = Box::pin(fetch::capabilities(surfaces, &questions, &live, site)).await?;
    let mut unmarked = None;
    for unread in capabilities.unread {
        // A synced group that does not look like one would be declared as if Rollbook could change it.
        if unread.read != Read::AppRoles {
            return Err(fetch::Error::Unread(unread).into());
        }
        unmarked = Some(format!("default groups of apps are not marked: {unread}"));
    }
    let mut facts = GroupFacts { kinds: capabilities.group_kinds, ..GroupFacts::default() };
    match (&surfaces.jira, capabilities.app_roles) {
        _ if questions.group_kinds.is_empty() => {}
        (None, _) => {
            let what = "groups that give administration of the site or of Jira, and default groups of apps, are not marked";
            unmarked = Some(format!("{what}: only Jira shows them, and there is no credential for it"));
        }
        (Some(jira), app_roles) => {
            facts.admins = jira.admin_groups().await?.iter().map(|group| group.id.clone()).collect();
            match app_roles {
                Reading::Read(app_roles) => facts.app_roles = app_roles,
                Reading::NotRead => {
                    let who =
                        "default groups of apps are not marked: only an administrator of Jira may read them";
                    unmarked = unmarked.or_else(|| Some(who.to_owned()));
                }
            }
        }
    }
    Ok((live, facts, unmarked))
}

/// A tree that declares the site's state.
#[derive(Debug)]
pub struct Declared {
    /// All files, the lock among them.
    pub tree: Tree,
    /// The declared entries, and the ones that were left out.
    pub import: Import,
    /// Names that cannot be locked, with their lines.
    pub unresolved: Vec<Diagnostic>,
}

/// Adds an import to a tree, whose declaration is `declaration`, and locks new names; entries of the lock stay.
///
/// # Errors
/// [`Error::Edit`] when the import would change the meaning of the tree, [`Error::AsksForMore`] when it asks for
/// more than before.
pub fn declare(
    tree: &Tree,
    declaration: &Declaration,
    mut import: Import,
    live: &LiveState,
    (per, today): (FilePer, Date),
) -> Result<Declared, Error> {
    let changes = |declaration: &Declaration, tree: &Tree| {
        plan::diff(&Resolved::of(Desired::of(declaration, today), live), live, &Locator::new(tree))
    };
    let (desired, before) = (Desired::of(declaration, today), changes(declaration, tree));
    loop {
        let imported = config::imported(tree, declaration, import, per, today)?;
        let (tree, declared, unresolved) = locked(imported.tree, imported.declaration, live, today)?;
        import = imported.import;
        let asked = plan::asked_anew(&desired, &before, &changes(&declared, &tree));
        if asked.is_empty() {
            import.left.sort();
            return Ok(Declared { tree, import, unresolved });
        }
        if !plan::withhold(&mut import, declaration, &asked) {
            return Err(Error::AsksForMore(asked));
        }
    }
}

/// Locks new names of a tree; returns the tree, its declaration, and the names that cannot be locked.
fn locked(
    mut tree: Tree,
    declaration: Declaration,
    live: &LiveState,
    today: Date,
) -> Result<(Tree, Declaration, Vec<Diagnostic>), Error> {
    let for_lock = Desired::of(&declaration, today).with_lookup(Lookup::ForLock);
    let locking = plan::lock(&for_lock, live, &BTreeMap::new());
    let mut lock = declaration.lock.clone();
    for (email, locked) in locking.lock.users {
        lock.users.entry(email).or_insert(locked);
    }
    for (name, locked) in locking.lock.groups {
        lock.groups.entry(name).or_insert(locked);
    }
    if lock == declaration.lock {
        return Ok((tree, declaration, locking.diagnostics));
    }
    let text = config::lock_text(&lock);
    tree.files.retain(|file| file.path != config::LOCK);
    tree.files.push(SourceFile { path: config::LOCK.into(), text });
    tree.files.sort_by(|a, b| a.path.cmp(&b.path));
    // Places are counted in files, and the lock is one of them.
    let parsed = config::parse(&tree, today);
    match parsed.declaration {
        Some(declaration) => Ok((tree, declaration, locking.diagnostics)),
        None => Err(Error::invalid(tree, parsed.diagnostics)),
    }
}

/// The people that `--users` cannot declare.
fn unnamed(names: &[String]) -> String {
    let people = if names.len() == 1 { "1 person".to_owned() } else { format!("{} people", names.len()) };
    format!(
        "note: {people} cannot be declared under `users`, since the email is hidden or may mean somebody else: {}",
        render::escape_untrusted(&listed(names, SHOWN))
    )
}

fn summary(import: &Import, verb: &str) -> String {
    let (declared, new): (Vec<_>, Vec<_>) = import.groups.iter().partition(|group| group.declared);
    let members =
        |groups: &[&ImportedGroup]| -> usize { groups.iter().map(|group| group.members.len()).sum() };
    let mut parts = Vec::new();
    if !new.is_empty() {
        parts.push(format!("{} with {}", count(new.len(), "group"), count(members(&new), "member")));
    }
    let completed = declared.iter().filter(|group| !group.members.is_empty()).count();
    if completed > 0 {
        let groups = count(completed, "declared group");
        parts.push(format!("{} of {groups}", count(members(&declared), "member")));
    }
    let giving = import.groups.iter().filter(|group| !group.grants.is_empty());
    let (groups, roles) = giving.fold((0, 0), |(groups, roles), it| (groups + 1, roles + it.grants.len()));
    if groups > 0 {
        parts.push(format!("{} of {}", count(roles, "role"), count(groups, "group")));
    }
    if !import.users.is_empty() {
        parts.push(count(import.users.len(), "user"));
    }
    if parts.is_empty() { "nothing to import".into() } else { format!("{verb} {}", parts.join(", ")) }
}

impl Per {
    fn file_per(self) -> FilePer {
        match self {
            Self::Group => FilePer::Group,
            Self::Prefix => FilePer::Prefix,
        }
    }
}
