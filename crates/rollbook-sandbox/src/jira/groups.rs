//! Groups: listing, searching, creating, deleting (docs/atlassian.md#groups-of-a-site).

use http::StatusCode;
use serde::Deserialize;

use crate::change::Change;
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::seed::SeedGroup;
use crate::state::Group;
use crate::words::{Grant, ManagedBy, Usage};

use super::errors::{bad_request, no_such_group, refused};
use super::rights::{require_browse, require_site_admin};
use super::wire::{GroupDetails, Window, full_group, page};

/// The apps that `applicationKey` takes (docs/atlassian.md#groups-of-a-site).
const APPLICATION_KEYS: [&str; 4] =
    ["jira-core", "jira-product-discovery", "jira-servicedesk", "jira-software"];

/// `GET /group/bulk`: every group, by name. The maximum of `maxResults` is unknown (docs/atlassian.md#groups-of-a-site);
/// the sandbox takes 1000.
pub(super) fn bulk(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_browse(context)?;
    let window = Window::of(context, 50, 1000)?;
    let app = context.query.filled("applicationKey");
    if let Some(app) = app.filter(|app| !APPLICATION_KEYS.contains(app)) {
        return Err(bad_request(&format!("'{app}' is not a valid application key.")));
    }
    let granted = |group: &Group, wanted: Option<Grant>| {
        group.grants.iter().any(|(key, grants)| {
            app.is_none_or(|app| app == key) && wanted.is_none_or(|wanted| grants.holds(wanted))
        })
    };
    let access: Box<dyn Fn(&Group) -> bool> = match context.query.filled("accessType") {
        None if app.is_none() => Box::new(|_| true),
        None => Box::new(|group| granted(group, None)),
        Some("site-admin") => Box::new(|group| group.site_admin),
        Some("admin") => Box::new(|group| granted(group, Some(Grant::Admin))),
        Some("user") => Box::new(|group| granted(group, Some(Grant::User))),
        Some(other) => return Err(bad_request(&format!("'{other}' is not a valid access type."))),
    };
    let ids: Vec<&str> = context.query.all("groupId").collect();
    let names: Vec<&str> = context.query.all("groupName").collect();
    let is_asked = |id: &str, group: &Group| {
        (ids.is_empty() && names.is_empty()) || ids.contains(&id) || names.contains(&group.name.as_str())
    };
    let mut groups: Vec<(&str, &str)> = context
        .state()
        .groups
        .iter()
        .filter(|(id, group)| is_asked(id, group) && access(group))
        .map(|(id, group)| (group.name.as_str(), id.as_str()))
        .collect();
    groups.sort_unstable();
    let details = |(name, id): &(&str, &str)| GroupDetails { name: (*name).into(), group_id: (*id).into() };
    let values = window.cut(groups.iter()).map(details).collect();
    Ok(page(context, window, groups.len(), values))
}

#[derive(Deserialize)]
struct AddGroup {
    name: Option<String>,
}

/// `POST /group`: 201 with the group; 400 for a name that is missing or in use
/// (docs/atlassian.md#creating-and-deleting-a-group-in-jira).
pub(super) fn create(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_site_admin(context)?;
    let body: AddGroup = context.json().map_err(|_| bad_request("Invalid request payload."))?;
    let name = body.name.unwrap_or_default();
    let change = Change::CreateGroup(SeedGroup { name: name.clone(), ..SeedGroup::default() });
    context.world.change(&change).map_err(|why| refused(&why))?;
    let id = context.state().group_named(&name).map(str::to_owned);
    context.subject.group_id = id;
    let made = context.subject.group_id.as_deref().and_then(|id| Some((id, context.state().groups.get(id)?)));
    let (id, group) = made.ok_or_else(|| no_such_group(&name))?;
    Ok(Reply::json(StatusCode::CREATED, &full_group(context, id, group)))
}

/// `DELETE /group`: 200 without a body. `swapGroup` and `swapGroupId` must name a group, but have no effect:
/// they are about comments and worklogs, which the sandbox does not have.
pub(super) fn delete(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_site_admin(context)?;
    let id = named_group(context, "groupId", "groupname")?;
    context.subject.group_id = Some(id.clone());
    if context.query.filled("swapGroup").is_some() || context.query.filled("swapGroupId").is_some() {
        named_group(context, "swapGroupId", "swapGroup")?;
    }
    require_writable(context, &id)?;
    context.world.change(&Change::DeleteGroup { group: id }).map_err(|why| refused(&why))?;
    Ok(Reply::empty(StatusCode::OK))
}

/// The ID of the group that a query names, by ID or by exact name: 400 for both or neither, 404 for an unknown one.
pub(super) fn named_group(
    context: &RequestContext<'_>,
    id_key: &str,
    name_key: &str,
) -> Result<String, Reply> {
    let found = match (context.query.filled(id_key), context.query.filled(name_key)) {
        (Some(id), None) => context.state().groups.get_key_value(id).map(|(id, _)| id.as_str()).ok_or(id),
        (None, Some(name)) => context.state().group_named(name).ok_or(name),
        (Some(_), Some(_)) => {
            return Err(bad_request(&format!("Only one of '{name_key}' and '{id_key}' can be given.")));
        }
        (None, None) => return Err(bad_request(&format!("'{name_key}' or '{id_key}' must be given."))),
    };
    found.map(str::to_owned).map_err(no_such_group)
}

/// Refuses writes to a group whose members an identity provider or a team decides. Assumption: status and text; it is only
/// established that such a group cannot be modified (docs/atlassian.md#synced-groups-and-teams-in-jira).
pub(super) fn require_writable(context: &RequestContext<'_>, group_id: &str) -> Result<(), Reply> {
    let Some(group) = context.state().groups.get(group_id) else {
        return Err(no_such_group(group_id));
    };
    let why = match (group.managed_by, group.usage) {
        (ManagedBy::External, _) => "it is synced from an external directory",
        (_, Usage::TeamCollaboration) => "it is a team",
        (ManagedBy::Admins | ManagedBy::TeamMembers | ManagedBy::Open, _) => return Ok(()),
    };
    Err(bad_request(&format!("The group '{}' cannot be modified because {why}.", group.name)))
}
