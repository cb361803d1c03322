//! Every way in which the state can change, at the request of a surface or behind the client's back.
//!
//! A change checks what is possible, not who may do it: rights and refusals of one API belong to its surface.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::resolve;
use super::seed::{SeedGroup, SeedScim, SeedUser};
use super::state::{Group, State};
use super::words::{Deletion, Grant, ManagedBy, PlatformRole};

/// One change to the state. `user` is an account ID or email, `group` a group ID or exact name.
///
/// This is also the JSON that `POST /_sandbox/edit` takes, one object with one kebab-case key:
/// `{"add-member": {"group": "site-admins", "user": "ada@acme.com"}}`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// Puts an account into a group.
    AddMember {
        /// The group.
        group: String,
        /// The account.
        user: String,
    },
    /// Removes an account from a group.
    RemoveMember {
        /// The group.
        group: String,
        /// The account.
        user: String,
    },
    /// Creates a group, described as in a seed; without an ID it gets a new one.
    CreateGroup(SeedGroup),
    /// Deletes a group and its memberships.
    DeleteGroup {
        /// The group.
        group: String,
    },
    /// Renames a group.
    RenameGroup {
        /// The group.
        group: String,
        /// The new name.
        name: String,
    },
    /// Sets who decides the members of a group.
    SetManagedBy {
        /// The group.
        group: String,
        /// Who.
        managed_by: ManagedBy,
    },
    /// Assigns or revokes a group's role in an app. A default group that loses the role `user` stops being one.
    SetGrant {
        /// The group.
        group: String,
        /// The app's key.
        app: String,
        /// The role.
        role: Grant,
        /// Whether the group has it now.
        held: bool,
    },
    /// Creates an account, described as in a seed; without an account ID it gets a new one.
    CreateUser(SeedUser),
    /// Removes an account from the site and the directory: it leaves every group, and Jira lists it as inactive.
    RemoveUser {
        /// The account.
        user: String,
    },
    /// Brings a removed account back, without memberships.
    ReturnUser {
        /// The account.
        user: String,
    },
    /// Activates or deactivates an account everywhere; its memberships stay.
    SetActive {
        /// The account.
        user: String,
        /// Whether it is active now.
        active: bool,
    },
    /// Lets an invited person accept; if they have already, it changes nothing.
    Accept {
        /// The account.
        user: String,
    },
    /// Suspends or restores the access of an account in the directory; its memberships stay.
    SetSuspended {
        /// The account.
        user: String,
        /// Whether it is suspended now.
        suspended: bool,
    },
    /// Sets the stage of the deletion of an account.
    SetDeletion {
        /// The account.
        user: String,
        /// The stage; `null` cancels it.
        deletion: Option<Deletion>,
    },
    /// Sets whether the organization manages an account.
    SetManaged {
        /// The account.
        user: String,
        /// Whether it does.
        managed: bool,
    },
    /// Assigns or revokes a platform role.
    SetRole {
        /// The account.
        user: String,
        /// The role.
        role: PlatformRole,
        /// Whether the account has it now.
        held: bool,
    },
    /// Gives an account a SCIM record, or replaces its own.
    SetScim {
        /// The account.
        user: String,
        /// The record, described as in a seed.
        scim: SeedScim,
    },
    /// Sets the identity provider's ID of a group.
    SetExternalId {
        /// The group.
        group: String,
        /// The ID; `null` for none.
        external_id: Option<String>,
    },
    /// Removes the SCIM record of an account; the account stays as it is.
    UnlinkScim {
        /// The account.
        user: String,
    },
    /// Names a domain of the organization; accounts stay managed or not.
    SetDomain {
        /// The domain.
        domain: String,
        /// Whether it is verified.
        verified: bool,
    },
    /// Changes the display name of an account.
    RenameUser {
        /// The account.
        user: String,
        /// The new name.
        name: String,
    },
    /// Replaces the profile of an account, except its name.
    SetProfile {
        /// The account.
        user: String,
        /// All of it.
        profile: Map<String, Value>,
    },
    /// Changes the email of an account.
    ChangeEmail {
        /// The account.
        user: String,
        /// The new email.
        email: String,
    },
    /// Hides or shows the email of an account.
    HideEmail {
        /// The account.
        user: String,
        /// Whether it is hidden now.
        hidden: bool,
    },
    /// Expires every credential of an account, including the tokens made from it.
    ExpireCredentials {
        /// The account.
        user: String,
    },
    /// Expires the credential with this token, secret or key.
    ExpireSecret {
        /// The token, secret or key.
        secret: String,
    },
}

/// Says why a change is impossible.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// No such group.
    #[error("there is no group `{0}`")]
    UnknownGroup(String),
    /// No such account, or it is removed from the site.
    #[error("there is no user `{0}`")]
    UnknownUser(String),
    /// A group has this name, in any case.
    #[error("the group name `{0}` is in use")]
    NameInUse(String),
    /// A group has this ID.
    #[error("the group id `{0}` is in use")]
    GroupIdInUse(String),
    /// A group's name cannot be empty.
    #[error("the group name is empty")]
    NameEmpty,
    /// An account has this ID or email.
    #[error("the user `{0}` exists")]
    UserExists(String),
    /// A SCIM record has this ID or user name.
    #[error("the SCIM record `{0}` exists")]
    ScimExists(String),
    /// Only people have a SCIM record.
    #[error("the user `{0}` is not a person")]
    NoPerson(String),
    /// No credential has this secret.
    #[error("there is no such credential")]
    UnknownCredential,
    /// An account that is not an app needs an email.
    #[error("the user has no email")]
    NoEmail,
    /// A group names an app that the site does not have.
    #[error("there is no app `{0}`")]
    UnknownApp(String),
    /// A default group of an app must give access to it.
    #[error("the group is a default group of `{0}` and does not grant `user` there")]
    DefaultWithoutGrant(String),
    /// The account is in the group already.
    #[error("`{user}` is already a member of `{group}`")]
    AlreadyMember {
        /// The group's name.
        group: String,
        /// The account's display name.
        user: String,
    },
    /// The account is not in the group.
    #[error("`{user}` is not a member of `{group}`")]
    NotAMember {
        /// The group's name.
        group: String,
        /// The account's display name.
        user: String,
    },
}

/// A membership that began or ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moved {
    pub(super) group_id: String,
    pub(super) account_id: String,
    pub(super) how: How,
}

/// Whether a membership began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Joined,
    Left,
}

impl State {
    /// Carries out a change completely or not at all, and returns the memberships that changed. `new_id` makes IDs.
    pub(super) fn apply(
        &mut self,
        change: &Change,
        new_id: &mut dyn FnMut() -> String,
    ) -> Result<Vec<Moved>, Refused> {
        match change {
            Change::AddMember { group, user } => self.add_member(group, user),
            Change::RemoveMember { group, user } => self.remove_member(group, user),
            Change::CreateGroup(seed) => self.create_group(seed, new_id),
            Change::DeleteGroup { group } => {
                let id = self.group(group)?;
                self.groups.remove(&id);
                Ok(Vec::new())
            }
            Change::RenameGroup { group, name } => self.rename_group(group, name),
            Change::SetManagedBy { group, managed_by } => {
                self.of_group(group, |group| group.managed_by = *managed_by)
            }
            Change::SetExternalId { group, external_id } => {
                self.of_group(group, |group| group.external_id.clone_from(external_id))
            }
            Change::SetGrant { group, app, role, held } => self.set_grant(group, app, *role, *held),
            Change::CreateUser(seed) => self.create_user(seed, new_id),
            Change::RemoveUser { user } => self.remove_user(user),
            Change::ReturnUser { user } => self.return_user(user),
            Change::SetActive { user, active } => self.of_account(user, |account| account.active = *active),
            Change::Accept { user } => self.of_account(user, |account| account.pending = false),
            Change::SetSuspended { user, suspended } => {
                self.of_account(user, |account| account.suspended = *suspended)
            }
            Change::SetDeletion { user, deletion } => {
                self.of_account(user, |account| account.deletion = *deletion)
            }
            Change::SetManaged { user, managed } => {
                self.of_account(user, |account| account.managed = *managed)
            }
            Change::SetRole { user, role, held } => self.of_account(user, |account| {
                if *held {
                    account.roles.insert(*role)
                } else {
                    account.roles.remove(role)
                };
            }),
            Change::SetScim { user, scim } => self.set_scim(user, scim),
            Change::UnlinkScim { user } => {
                let gone = self.account_id(user).map(str::to_owned).and_then(|id| self.scim.remove(&id));
                gone.map(|_| Vec::new()).ok_or_else(|| Refused::UnknownUser(user.clone()))
            }
            Change::SetDomain { domain, verified } => {
                self.organization.domains.insert(domain.to_ascii_lowercase(), *verified);
                Ok(Vec::new())
            }
            Change::RenameUser { user, name } => {
                self.of_account(user, |account| name.clone_into(&mut account.name))
            }
            Change::SetProfile { user, profile } => {
                self.of_account(user, |account| account.profile.clone_from(profile))
            }
            Change::ChangeEmail { user, email } => self.change_email(user, email),
            Change::HideEmail { user, hidden } => {
                self.of_account(user, |account| account.hide_email = *hidden)
            }
            Change::ExpireCredentials { user } => {
                let id = self.user(user)?;
                self.expire(|credential| credential.account() == Some(&id));
                Ok(Vec::new())
            }
            Change::ExpireSecret { secret } => {
                let expired = self.expire(|credential| credential.secret() == secret);
                if expired > 0 { Ok(Vec::new()) } else { Err(Refused::UnknownCredential) }
            }
        }
    }

    fn add_member(&mut self, group: &str, user: &str) -> Result<Vec<Moved>, Refused> {
        let (group_id, account_id) = (self.group(group)?, self.user(user)?);
        let names = self.names(&group_id, &account_id);
        let members = self.groups.get_mut(&group_id).map(|group| &mut group.members);
        if members.is_some_and(|members| members.insert(account_id.clone())) {
            return Ok(vec![Moved { group_id, account_id, how: How::Joined }]);
        }
        let (group, user) = names;
        Err(Refused::AlreadyMember { group, user })
    }

    fn remove_member(&mut self, group: &str, user: &str) -> Result<Vec<Moved>, Refused> {
        let (group_id, account_id) = (self.group(group)?, self.user(user)?);
        let names = self.names(&group_id, &account_id);
        let members = self.groups.get_mut(&group_id).map(|group| &mut group.members);
        if members.is_some_and(|members| members.remove(&account_id)) {
            return Ok(vec![Moved { group_id, account_id, how: How::Left }]);
        }
        let (group, user) = names;
        Err(Refused::NotAMember { group, user })
    }

    fn create_group(
        &mut self,
        seed: &SeedGroup,
        new_id: &mut dyn FnMut() -> String,
    ) -> Result<Vec<Moved>, Refused> {
        if seed.name.trim().is_empty() {
            return Err(Refused::NameEmpty);
        }
        if self.name_in_use(&seed.name) {
            return Err(Refused::NameInUse(seed.name.clone()));
        }
        if let Some(app) =
            seed.grants.keys().chain(&seed.default_for).find(|app| !self.apps.contains_key(*app))
        {
            return Err(Refused::UnknownApp(app.clone()));
        }
        if let Some(app) = seed
            .default_for
            .iter()
            .find(|app| seed.grants.get(*app).is_none_or(|grants| !grants.holds(Grant::User)))
        {
            return Err(Refused::DefaultWithoutGrant(app.clone()));
        }
        let id = seed.id.clone().unwrap_or_else(|| unused(new_id, |id| self.groups.contains_key(id)));
        if self.groups.contains_key(&id) {
            return Err(Refused::GroupIdInUse(id));
        }
        let mut made = resolve::group(seed);
        for member in &seed.members {
            made.members.insert(self.user(member)?);
        }
        let joined = |account_id: &String| Moved {
            group_id: id.clone(),
            account_id: account_id.clone(),
            how: How::Joined,
        };
        let moved = made.members.iter().map(joined).collect();
        self.groups.insert(id, made);
        Ok(moved)
    }

    fn of_group(&mut self, group: &str, change: impl FnOnce(&mut Group)) -> Result<Vec<Moved>, Refused> {
        let id = self.group(group)?;
        self.groups.entry(id).and_modify(change);
        Ok(Vec::new())
    }

    /// Assigns or revokes a role. Assumption: without the role `user`, the group stops being the app's default group.
    fn set_grant(&mut self, group: &str, app: &str, role: Grant, held: bool) -> Result<Vec<Moved>, Refused> {
        let id = self.group(group)?;
        if !self.apps.contains_key(app) {
            return Err(Refused::UnknownApp(app.to_owned()));
        }
        self.groups.entry(id).and_modify(|group| {
            let roles = group.grants.entry(app.to_owned()).or_default();
            if held {
                roles.0.insert(role)
            } else {
                roles.0.remove(&role)
            };
            group.grants.retain(|_, roles| !roles.0.is_empty());
            if !group.grants(app, Grant::User) {
                group.default_for.remove(app);
            }
        });
        Ok(Vec::new())
    }

    fn rename_group(&mut self, group: &str, name: &str) -> Result<Vec<Moved>, Refused> {
        let id = self.group(group)?;
        if name.trim().is_empty() {
            return Err(Refused::NameEmpty);
        }
        let same = self.groups.get(&id).is_some_and(|group| group.name.to_lowercase() == name.to_lowercase());
        if !same && self.name_in_use(name) {
            return Err(Refused::NameInUse(name.to_owned()));
        }
        self.groups.entry(id).and_modify(|group| name.clone_into(&mut group.name));
        Ok(Vec::new())
    }

    fn group(&self, reference: &str) -> Result<String, Refused> {
        let id = self.group_id(reference).map(str::to_owned);
        id.ok_or_else(|| Refused::UnknownGroup(reference.to_owned()))
    }

    fn names(&self, group_id: &str, account_id: &str) -> (String, String) {
        let group = self.groups.get(group_id).map(|group| group.name.clone());
        let user = self.accounts.get(account_id).map(|account| account.name.clone());
        (group.unwrap_or_default(), user.unwrap_or_default())
    }
}

/// Makes IDs until one is free.
pub(super) fn unused(new_id: &mut dyn FnMut() -> String, taken: impl Fn(&str) -> bool) -> String {
    loop {
        let id = new_id();
        if !taken(&id) {
            return id;
        }
    }
}
