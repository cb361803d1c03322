//! `rollbook explain`.

use clap::Args;

use crate::environment::EnvironmentError;
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch::{self, Depth};
use crate::model::{
    AccountId, Address, Email, Explanation, GroupName, LiveRole, LiveRoles, Locator, Reading, StatusFilter,
    UserFilter, UserRef, UserReport,
};
use crate::plan::{self, Desired};
use crate::render::{self, About};

use super::session::Loaded;
use super::users::{needs_organization, user_report};
use super::{Format, OUTPUT, Session, block_on, connect};

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// An email, account:ID, a group's name, or an address of a plan such as member.GROUP/EMAIL
    #[arg(value_name = "USER|GROUP|ADDRESS")]
    about: String,
    /// Also ask the site which roles in apps they have, or the group gives
    #[arg(long)]
    live: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
    format: Format,
}

/// Prints every way by which the tree puts a person into groups, or people into a group. For a user or group that the tree
/// does not declare, prints the site's state if there are credentials.
///
/// # Errors
/// [`Error`] when the tree is not valid, or neither it nor the site knows the name.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let name = arguments.about.as_str();
    let address = address(&Desired::of(&loaded.declaration, session.today), name);
    let Some((about, mut explanation)) = declared(session, &loaded, name) else {
        return on_site(session, &loaded, &address, arguments);
    };
    if arguments.live {
        explanation.live = Some(live(session, &loaded, &address)?);
    }
    session.data(&match arguments.format {
        Format::Json => render::explanation_json(name, &explanation),
        Format::Text => render::explanation_text(name, about, &explanation, session.terminal.width()),
    })?;
    Ok(Exit::Done)
}

/// Every way of a name that the tree declares.
pub(super) fn declared(session: &Session, loaded: &Loaded, name: &str) -> Option<(About, Explanation)> {
    let desired = Desired::of(&loaded.declaration, session.today);
    let locator = Locator::new(&loaded.tree);
    Some(match &address(&desired, name) {
        Address::Group(group) if loaded.declaration.groups.contains_key(group) => {
            (About::Group, plan::explain_group(&desired, group, &locator))
        }
        Address::User(user) if desired.people().contains(user) => {
            (About::User, plan::explain_user(&desired, user, &locator))
        }
        Address::Member(group, user)
            if loaded.declaration.groups.contains_key(group) && desired.people().contains(user) =>
        {
            (About::User, plan::explain_member(&desired, group, user, &locator))
        }
        Address::Group(_) | Address::User(_) | Address::Member(..) | Address::Grant(..) => return None,
    })
}

/// The roles that the site shows of what is declared.
fn live(session: &Session, loaded: &Loaded, address: &Address) -> Result<LiveRoles, Error> {
    let declaration = &loaded.declaration;
    let (surfaces, site) = (connect(session, &declaration.settings)?, &declaration.settings.site.value);
    needs_organization(&surfaces)?;
    let reading = async {
        let read = match (address.user(), address.group()) {
            (Some(user), group) => {
                let mut tied = declaration.tied();
                let known = user.email().and_then(|email| tied.find(|(named, _)| *named == email));
                let known = known.map(|(_, account)| account);
                let read = Box::pin(fetch::roles_of_person(&surfaces, site, user, known)).await?;
                let (roles, unknown) = read;
                let roles = roles.into_iter().map(LiveRole::from);
                let named = |role: &LiveRole| group.is_none_or(|group| role.groups.contains(group));
                LiveRoles { roles: roles.filter(named).collect(), unknown: unknown.into_iter().collect() }
            }
            (None, Some(group)) => {
                let pin = declaration.groups.get(group).and_then(|declared| declared.id.as_ref());
                let locked = declaration.lock.groups.get(group).map(|locked| &locked.id);
                let known = pin.map(|pin| &pin.value).or(locked);
                Box::pin(fetch::roles_of_group(&surfaces, site, group, known)).await?
            }
            (None, None) => LiveRoles::default(),
        };
        Ok::<_, Error>(read)
    };
    block_on(session.telling(reading))
}

/// What a text names: a group or a person of the tree, a group of it in another case, an address of a plan, else somebody or
/// something that only the site may have.
fn address(desired: &Desired<'_>, text: &str) -> Address {
    let groups = &desired.declaration.groups;
    let declared = |name: &GroupName| {
        let mut alike = groups.keys().filter(|group| group.folded() == name.folded());
        let exact = groups.get_key_value(name).map(|(name, _)| name);
        exact.or_else(|| alike.next().filter(|_| alike.next().is_none())).cloned()
    };
    let name = GroupName::new(text);
    if let Some(group) = declared(&name) {
        return Address::Group(group);
    }
    let user = user(text);
    if let Some(user) = user.as_ref().filter(|user| desired.people().contains(user)) {
        return Address::User(user.clone());
    }
    match text.parse() {
        // People have an app by being in a group that gives it.
        Ok(Address::Group(name) | Address::Grant(name, _)) => Address::Group(declared(&name).unwrap_or(name)),
        Ok(Address::Member(name, user)) => Address::Member(declared(&name).unwrap_or(name), user),
        Ok(user @ Address::User(_)) => user,
        Err(_) => user.map_or(Address::Group(name), Address::User),
    }
}

/// Prints the site's state of a user or group that the tree does not declare.
fn on_site(
    session: &Session,
    loaded: &Loaded,
    address: &Address,
    arguments: &Arguments,
) -> Result<Exit, Error> {
    let name = arguments.about.as_str();
    let unknown =
        |says: &str| Error::Usage(format!("the tree declares no person and no group named {name}{says}"));
    // Of one person, more can be asked than of everybody.
    let depth = match (arguments.live, address.user()) {
        (true, None) => Depth::Roles,
        (true, Some(_)) | (false, _) => Depth::Groups,
    };
    let mut user_report = match user_report(session, loaded, depth) {
        Err(Error::Environment(EnvironmentError::NoCredential)) => {
            return Err(unknown("; with credentials, the site is asked, too"));
        }
        user_report => user_report?,
    };
    let (group, user) = (address.group(), address.user());
    let group = match group {
        Some(name) => Some(
            plan::group_on_site(&user_report, name).ok_or_else(|| unknown(", nor has the site"))?.clone(),
        ),
        None => None,
    };
    if let Some(user) = user {
        user_report.users.retain(|it| match user {
            UserRef::Email(email) => it.account.email.as_ref() == Some(email),
            UserRef::Account(id) => it.account.id == *id,
        });
        if arguments.live {
            tell_roles(session, loaded, &mut user_report)?;
        }
    }
    let filter = UserFilter {
        groups: group.into_iter().collect(),
        status: StatusFilter::Any,
        ..UserFilter::default()
    };
    plan::choose(&mut user_report, &filter);
    if user.is_some() && user_report.users.is_empty() {
        return Err(unknown(", nor has the site one that these credentials see"));
    }
    session
        .terminal
        .say(&format!("The tree does not declare {}. On the site there is:", render::escape_untrusted(name)));
    session.data(&match arguments.format {
        Format::Json => render::user_report_json(&user_report),
        Format::Text => render::user_report_text(&user_report, &filter, session.terminal.width()),
    })?;
    Ok(Exit::Done)
}

/// Asks for the roles of each user of a report by themselves.
fn tell_roles(session: &Session, loaded: &Loaded, user_report: &mut UserReport) -> Result<(), Error> {
    let settings = &loaded.declaration.settings;
    let surfaces = connect(session, settings)?;
    needs_organization(&surfaces)?;
    user_report.apps = Reading::Read(Vec::new());
    for found in &mut user_report.users {
        let account = UserRef::Account(found.account.id.clone());
        let reading = fetch::roles_of_person(&surfaces, &settings.site.value, &account, None);
        let (roles, unknown) = block_on(async { Ok(session.telling(Box::pin(reading)).await?) })?;
        found.roles = roles;
        user_report.unknown.extend(unknown);
    }
    Ok(())
}

fn user(text: &str) -> Option<UserRef> {
    match text.strip_prefix("account:") {
        Some(id) => Some(UserRef::Account(AccountId::new(id))),
        None => Email::parse(text).ok().map(UserRef::Email),
    }
}
