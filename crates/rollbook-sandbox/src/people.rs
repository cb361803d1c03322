//! Changes of accounts: their identity, status, credentials and SCIM records.

use super::change::{How, Moved, Refused, unused};
use super::credential::SeedCredential;
use super::resolve;
use super::seed::{SeedScim, SeedUser};
use super::state::{Account, ScimRecord, State};
use super::words::{AccountType, Deletion};

impl State {
    /// The ID of an account of the site.
    pub(super) fn user(&self, reference: &str) -> Result<String, Refused> {
        let id = self.account_id(reference).filter(|id| !self.accounts.get(*id).is_some_and(|a| a.removed));
        id.map(str::to_owned).ok_or_else(|| Refused::UnknownUser(reference.to_owned()))
    }

    /// Changes one account, in the directory or not; its memberships stay.
    pub(super) fn of_account(
        &mut self,
        user: &str,
        change: impl FnOnce(&mut Account),
    ) -> Result<Vec<Moved>, Refused> {
        let id = self.account_id(user).map(str::to_owned);
        let id = id.ok_or_else(|| Refused::UnknownUser(user.to_owned()))?;
        self.accounts.entry(id).and_modify(change);
        Ok(Vec::new())
    }

    pub(super) fn create_user(
        &mut self,
        seed: &SeedUser,
        new_id: &mut dyn FnMut() -> String,
    ) -> Result<Vec<Moved>, Refused> {
        let made = resolve::account(seed, &self.organization);
        let erased = made.deletion == Some(Deletion::Done) && seed.account_id.is_some();
        if made.email.is_none() && made.kind != AccountType::App && !erased {
            return Err(Refused::NoEmail);
        }
        for taken in [&seed.account_id, &seed.email].into_iter().flatten() {
            if self.account_id(taken).is_some() {
                return Err(Refused::UserExists(taken.clone()));
            }
        }
        let new_id = &mut || format!("712020:{}", new_id());
        let id = seed.account_id.clone();
        let id = id.unwrap_or_else(|| unused(new_id, |id| self.accounts.contains_key(id)));
        let record = seed.scim.as_ref().map(|scim| self.free_record(&id, &made, scim)).transpose()?;
        self.scim.extend(record.map(|record| (id.clone(), record)));
        self.accounts.insert(id, made);
        Ok(Vec::new())
    }

    pub(super) fn remove_user(&mut self, user: &str) -> Result<Vec<Moved>, Refused> {
        let id = self.user(user)?;
        let mut moved = Vec::new();
        for (group_id, group) in &mut self.groups {
            if group.members.remove(&id) {
                moved.push(Moved { group_id: group_id.clone(), account_id: id.clone(), how: How::Left });
            }
        }
        self.accounts.entry(id).and_modify(|account| {
            account.removed = true;
            account.suspended = false;
            account.grants.clear();
        });
        Ok(moved)
    }

    pub(super) fn return_user(&mut self, user: &str) -> Result<Vec<Moved>, Refused> {
        let id = self.account_id(user).map(str::to_owned);
        let id = id.ok_or_else(|| Refused::UnknownUser(user.to_owned()))?;
        self.accounts.entry(id).and_modify(|account| account.removed = false);
        Ok(Vec::new())
    }

    pub(super) fn change_email(&mut self, user: &str, email: &str) -> Result<Vec<Moved>, Refused> {
        let id = self.user(user)?;
        if self.account_id(email).is_some_and(|holder| holder != id) {
            return Err(Refused::UserExists(email.to_owned()));
        }
        self.accounts.entry(id).and_modify(|account| account.email = Some(email.to_owned()));
        Ok(Vec::new())
    }

    /// Expires credentials, and returns how many.
    pub(super) fn expire(&mut self, which: impl Fn(&SeedCredential) -> bool) -> usize {
        let mine = self.credentials.iter_mut().filter(|credential| which(credential));
        mine.map(SeedCredential::expire).count()
    }

    pub(super) fn set_scim(&mut self, user: &str, scim: &SeedScim) -> Result<Vec<Moved>, Refused> {
        let id = self.account_id(user).map(str::to_owned);
        let id = id.ok_or_else(|| Refused::UnknownUser(user.to_owned()))?;
        if let Some(account) = self.accounts.get(&id) {
            let record = self.free_record(&id, account, scim)?;
            self.scim.insert(id, record);
        }
        Ok(Vec::new())
    }

    /// The record that a seed describes, unless another account has its ID or its user name.
    fn free_record(&self, id: &str, account: &Account, seed: &SeedScim) -> Result<ScimRecord, Refused> {
        if account.kind != AccountType::Atlassian {
            return Err(Refused::NoPerson(id.to_owned()));
        }
        let made = resolve::scim_record(id, account.email.as_deref(), seed);
        let mut others = self.scim.iter().filter(|(holder, _)| *holder != id);
        let clash = others
            .find(|(_, other)| other.id == made.id || other.user_name.eq_ignore_ascii_case(&made.user_name));
        match clash {
            None => Ok(made),
            Some(_) => Err(Refused::ScimExists(made.user_name)),
        }
    }
}
