//! People of the directory: finding, suspending, restoring, removing
//! (docs/atlassian.md#suspending-restoring-and-removing).

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};

use crate::change::Change;
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::state::{Account, State};
use crate::words::{Grant, PlatformRole};

use super::cursor::{Cursor, links};
use super::errors::{error, no_such_user};
use super::search::{UserSearch, of_query, read};
use super::view::{
    Scope, account_status, claim_status, is_listed, membership_status, platform_roles, require_directory,
    require_user, resource, status, user,
};

/// `POST …/users/search`: by exact emails, a text, a role, or all; 50 per page by default.
pub(super) fn search(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Read)?;
    Ok(page(context, read::<UserSearch>(context)?))
}

/// `GET …/users`, which will be removed after June 2027: the same by a query.
pub(super) fn list(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Read)?;
    Ok(page(context, of_query::<UserSearch>(context)?))
}

/// `GET …/users/count`: how many users a query finds.
pub(super) fn count(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Read)?;
    let asked = of_query::<UserSearch>(context)?.request;
    Ok(Reply::json(StatusCode::OK, &json!({ "count": found(context, &asked).len() })))
}

/// `GET …/users/{userId}`: a user that the searches find.
pub(super) fn get(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context, Scope::Read)?;
    let id = context.parameter("accountId");
    let account = context.state().accounts.get(id).filter(|account| is_listed(context, account));
    let account = account.ok_or_else(no_such_user)?;
    let expand = ["platformRoles".to_owned(), "counts.resources".to_owned()];
    let mut shown = user(context, id, account, &expand);
    if let Some(shown) = shown.as_object_mut() {
        shown.remove("links");
    }
    Ok(Reply::json(StatusCode::OK, &json!({ "data": shown })))
}

fn found<'a>(context: &'a RequestContext<'_>, search: &UserSearch) -> Vec<(&'a String, &'a Account)> {
    let asked = Asked::of(context, search);
    let accounts = context.state().accounts.iter();
    accounts
        .filter(|(id, account)| is_listed(context, account) && asked.matches(context.state(), id, account))
        .collect()
}

fn page(context: &RequestContext<'_>, cursor: Cursor<UserSearch>) -> Reply {
    let limit = cursor.request.limit.unwrap_or(50);
    let expand = cursor.request.expand.clone();
    let found = found(context, &cursor.request);
    let (page, next) = cursor.page(found, limit);
    let data: Vec<Value> =
        page.into_iter().map(|(id, account)| user(context, id, account, &expand)).collect();
    Reply::json(StatusCode::OK, &json!({ "data": data, "links": links(next.as_deref()) }))
}

/// A search, prepared to be matched against every account.
struct Asked {
    /// In lower case. Assumption: emails are compared without regard to ASCII case.
    emails: Vec<String>,
    term: Option<String>,
    domains: Vec<String>,
    /// The members of the requested groups.
    members: Option<BTreeSet<String>>,
    /// One of them is enough. Assumption: this includes suspended and deactivated accounts, since other filters can exclude
    /// them.
    roles: Vec<PlatformRole>,
    /// Who has a role in one of some resources, and which. Assumption: both filters are about one assignment.
    resources: Vec<String>,
    grants: Vec<Grant>,
    in_directory: bool,
    account_ids: Vec<String>,
    statuses: [Vec<String>; 4],
}

impl Asked {
    fn of(context: &RequestContext<'_>, search: &UserSearch) -> Asked {
        let lower = |texts: &[String]| texts.iter().map(|text| text.to_ascii_lowercase()).collect();
        // An ARI names a group too. Assumption: the IDs from `expand=groups` can be used.
        let ids = search.group_ids.iter().map(|id| id.rsplit('/').next().unwrap_or_default());
        let members = ids.flat_map(|id| context.world.members_seen(id).into_owned()).collect();
        let directory = &context.state().organization.directory_id;
        Asked {
            emails: lower(&search.emails),
            term: search.search_term.as_ref().map(|term| term.to_lowercase()),
            domains: lower(&search.email_domains),
            members: (!search.group_ids.is_empty()).then_some(members),
            roles: match search.resource_ids.as_slice() {
                [] => search.role_ids.iter().filter_map(|id| PlatformRole::of_id(id)).collect(),
                _ => Vec::new(),
            },
            resources: search.resource_ids.clone(),
            grants: search.role_ids.iter().filter_map(|id| Grant::of_id(id)).collect(),
            in_directory: search.directory_ids.is_empty() || search.directory_ids.contains(directory),
            account_ids: search.account_ids.clone(),
            statuses: [
                search.account_status.clone(),
                search.membership_status.clone(),
                search.status.clone(),
                search.claim_status.iter().cloned().collect(),
            ],
        }
    }

    fn matches(&self, state: &State, id: &str, account: &Account) -> bool {
        let email = account.email.as_deref().unwrap_or_default().to_ascii_lowercase();
        let domain = email.rsplit('@').next().unwrap_or_default().to_owned();
        let term = |term: &String| account.name.to_lowercase().contains(term) || email.contains(term);
        let given =
            [account_status(account), membership_status(account), status(account), claim_status(account)];
        let any = |asked: &[String], value: &str| asked.is_empty() || asked.iter().any(|it| it == value);
        let holds = || {
            let held = platform_roles(state, id, account);
            self.roles.iter().any(|role| held.contains(role))
        };
        let is_asked = |role: &Grant| self.grants.is_empty() || self.grants.contains(role);
        let has_role = |app: &String| {
            self.resources.contains(&resource(state, app)) && state.roles_in(id, app).keys().any(is_asked)
        };
        self.in_directory
            && (self.resources.is_empty() || state.apps.keys().any(has_role))
            && any(&self.emails, &email)
            && any(&self.domains, &domain)
            && any(&self.account_ids, id)
            && self.term.as_ref().is_none_or(term)
            && self.members.as_ref().is_none_or(|members| members.contains(id))
            && self.statuses.iter().zip(given).all(|(asked, value)| any(asked, value))
            && (self.roles.is_empty() || holds())
    }
}

/// `POST …/users/{accountId}/suspend`: 204. Groups and roles stay, billing stops. Assumption: again is 204 too.
pub(super) fn suspend(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let user = asked_user(context)?;
    change(context, &Change::SetSuspended { user, suspended: true })
}

/// `POST …/users/{accountId}/restore`: 204. Assumption: it is `ADMIN-400-32` if a licence has no free seat ("we resume
/// billing", and no 409 is listed).
pub(super) fn restore(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let user = asked_user(context)?;
    let state = context.state();
    let is_full = |app: &&str| {
        let seats = state.apps.get(*app).and_then(|app| app.seats);
        seats.is_some_and(|seats| state.seats_taken(app) >= seats as usize)
    };
    let suspended = state.accounts.get(&user).is_some_and(|account| account.suspended);
    if let Some(app) = state.apps_of(&user).into_iter().find(is_full).filter(|_| suspended) {
        let why = format!("Too many license breaches: {app}");
        return Err(error(StatusCode::BAD_REQUEST, "ADMIN-400-32", &why));
    }
    change(context, &Change::SetSuspended { user, suspended: false })
}

/// `DELETE …/users/{accountId}`: 204; groups and roles are lost permanently. Assumption: a record of the SCIM
/// directory stays.
pub(super) fn remove(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let user = asked_user(context)?;
    change(context, &Change::RemoveUser { user })
}

fn asked_user(context: &RequestContext<'_>) -> Result<String, Reply> {
    require_directory(context, Scope::Write)?;
    let id = context.parameter("accountId");
    require_user(context, id)?;
    Ok(id.to_owned())
}

fn change(context: &mut RequestContext<'_>, change: &Change) -> Result<Reply, Reply> {
    context.world.change(change).map_err(|_| no_such_user())?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
