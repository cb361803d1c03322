//! The differences in the roles that a group gives in apps.

use std::collections::BTreeSet;

use crate::model::{
    Access, Action, Address, App, Change, GroupId, GroupName, Mode, Note, Origin, Read, Reason, Ref, Surface,
    Wanted,
};

use super::super::desired::{DesiredGrants, DesiredGroup};
use super::super::identity::{Obstacle, ObstacleCode};
use super::Differ;

impl Differ<'_> {
    /// Compares the roles that a group should give with those that it gives; a group that does not exist yet gives none.
    pub(super) fn diff_grants(&mut self, name: &GroupName, group: &DesiredGroup<'_>, id: &Ref<GroupId>) {
        let Some(grants) = &group.grants else { return };
        if let Some(obstacle) = self.grants_unknown(id) {
            let wants_any = !grants.held.is_empty() || id.known().is_some();
            if wants_any {
                let address = Address::Group(name.clone());
                self.block(address, Action::Assign, Reason::Declared, obstacle, group.declared.origin);
            }
            return;
        }
        self.assign_missing(name, grants, id);
        if let Ref::Known(id) = id {
            self.revoke_surplus(name, group, grants, id);
        }
    }

    /// Why the roles of a group are unknown.
    fn grants_unknown(&self, id: &Ref<GroupId>) -> Option<Obstacle> {
        let grants = &self.live.grants;
        if !self.live.rights.has(Surface::Organization) {
            return Some(Obstacle {
                code: ObstacleCode::NoSurface,
                why: "the roles of groups in apps are read and changed only through the organization".into(),
                help: "Give Rollbook an organization's API key (ROLLBOOK_ORG_API_KEY), or do it by hand at \
                       admin.atlassian.com."
                    .into(),
            });
        }
        if let Some(unread) = &grants.unread {
            return Some(Obstacle::not_read(unread));
        }
        let is_read = id.known().is_none_or(|id| grants.of.contains_key(id));
        (!is_read).then(|| Obstacle {
            code: ObstacleCode::NotRead,
            why: format!("{} was not read", Read::Grants.what()),
            help: "Plan again, with credentials or from a snapshot that was taken with this tree.".into(),
        })
    }

    fn assign_missing(&mut self, name: &GroupName, grants: &DesiredGrants, id: &Ref<GroupId>) {
        for (access, entry) in &grants.held {
            let address = Address::Grant(name.clone(), access.clone());
            if !self.live.grants.resources.contains_key(&access.app) {
                let obstacle = unknown_app(&access.app, self.live.grants.resources.keys());
                self.block(address, Action::Assign, Reason::Declared, obstacle, entry.origin);
                continue;
            }
            if id.known().is_some_and(|id| self.live.grants.holds(id, access) == Some(true)) {
                continue;
            }
            self.changes.changes.push(Change {
                address,
                wanted: Wanted::AssignRole { group: id.clone(), access: access.clone() },
                origin: self.locator.locate(entry.origin),
                reason: Reason::Declared,
                name: None,
                until: entry.until,
            });
        }
    }

    /// Revokes undeclared roles of an exact group. A default group of an app keeps the role of its users unless an entry
    /// explicitly says that it must go: everybody who gets the app joins the group automatically.
    fn revoke_surplus(
        &mut self,
        name: &GroupName,
        group: &DesiredGroup<'_>,
        grants: &DesiredGrants,
        id: &GroupId,
    ) {
        let live = &self.live.grants;
        let Some(listing) = live.of.get(id) else { return };
        let none = BTreeSet::new();
        let defaults = live.defaults.get(id).unwrap_or(&none);
        let surplus: Vec<_> = listing
            .held_by(id)
            .filter(|held| held.access().role.is_assignable() && !grants.held.contains_key(held.access()))
            .collect();
        for held in surplus {
            let access = held.access().clone();
            let denied = grants.denied.get(&access);
            let (reason, origin): (Reason, Origin) = match denied {
                Some(denial) => (denial.reason, denial.origin),
                None if group.mode == Mode::AtLeast => continue,
                None if defaults.contains(&access.app) => {
                    self.keep_default(name, &access, group.declared.origin);
                    continue;
                }
                None => (Reason::Undeclared, group.declared.origin),
            };
            let address = Address::Grant(name.clone(), access);
            self.change(address, Wanted::RevokeRole { held }, reason, origin);
        }
    }

    fn keep_default(&mut self, name: &GroupName, access: &Access, origin: Origin) {
        let text = format!(
            "group {name} gives {access} and is a default group of that app: the role stays until an entry of `grants` says \
             `absent: true` for it"
        );
        self.changes.notes.push(Note::new("default-group-kept", text, Some(self.locator.locate(origin))));
    }
}

/// The message about an app that the site does not have.
pub(in crate::plan) fn unknown_app<'a>(app: &App, known: impl Iterator<Item = &'a App>) -> Obstacle {
    let known: Vec<&str> = known.map(App::as_str).collect();
    let near = similar::get_close_matches(app.as_str(), &known, 1, 0.65);
    let help = match (near.first(), known.as_slice()) {
        (Some(near), _) => format!("Did you mean {near}? The site has: {}.", known.join(", ")),
        (None, []) => "The organization shows no app of the site.".into(),
        (None, _) => format!("The site has: {}.", known.join(", ")),
    };
    Obstacle { code: ObstacleCode::UnknownApp, why: format!("the site has no app {app}"), help }
}
