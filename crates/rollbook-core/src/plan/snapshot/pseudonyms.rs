//! Pseudonyms for people and groups that a tree does not mention.
//!
//! A pseudonym is a keyed digest (HMAC-SHA256) of an email, a display name or the name of a group; IDs stay, since
//! operations use IDs. The key is in the file: a tree that later declares somebody has to find them. So anybody who has
//! the file can test a guess, and can read nothing that they did not guess.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::model::{
    AccountId, Capabilities, Email, FORMER_USER, GroupId, GroupName, LiveAccount, LiveGroup,
    OrganizationUser, PSEUDONYM, Reading, Readings, ScimUser, Snapshot, Unread, hex,
};

use super::disclosed::Disclosed;
use super::document::SnapshotError;
use super::names::Names;

/// The domain of a pseudonym of an email: no real email can have it (RFC 2606 §2).
const DOMAIN: &str = "@veiled.invalid";

/// Bytes of a digest that are shown.
const SHOWN: usize = 10;

/// Replaces everybody except these by pseudonyms.
pub fn pseudonymized(mut snapshot: Snapshot, disclosed: &Disclosed) -> Snapshot {
    let key = Key::of(&snapshot);
    snapshot.header.key = hex(&key.0);
    snapshot.rename(&Renaming {
        email: &|email, id| if shows(disclosed, id) { email.clone() } else { key.email(email) },
        // The name of an erased account does not reveal its person, and identifies it as erased.
        person: &|name, id| {
            if shows(disclosed, id) || name == FORMER_USER { name.to_owned() } else { key.person(name) }
        },
        group: &|group| {
            if disclosed.groups.contains(&group.id) { group.name.clone() } else { key.group(&group.name) }
        },
    });
    let searched = snapshot.readings.searched.iter().map(|email| key.email(email)).collect();
    snapshot.readings.searched = searched;
    // A surface's own words may name anybody.
    let unread = std::mem::take(&mut snapshot.answers.unread);
    let quiet =
        |unread| Unread { why: "the surface gave no answer when the snapshot was taken".into(), ..unread };
    snapshot.answers.unread = unread.into_iter().map(quiet).collect();
    let unread = std::mem::take(&mut snapshot.readings.synced.unread);
    snapshot.readings.synced.unread = unread.into_iter().map(quiet).collect();
    snapshot.readings.grants.unread = snapshot.readings.grants.unread.take().map(quiet);
    snapshot
}

fn shows(disclosed: &Disclosed, id: Option<&AccountId>) -> bool {
    id.is_some_and(|id| disclosed.accounts.contains(id))
}

/// Replaces the pseudonyms of these names.
///
/// # Errors
/// [`SnapshotError::Pseudonym`] for a name that is one, and [`SnapshotError::Spelling`] for a group that the site has
/// in another letter case: its name is unknown.
pub(super) fn revealed(mut snapshot: Snapshot, names: &Names) -> Result<Snapshot, SnapshotError> {
    let written = names.emails.iter().map(Email::as_str).chain(names.groups.iter().map(GroupName::as_str));
    if let Some(name) = written.into_iter().find(|name| is_pseudonym(name)) {
        return Err(SnapshotError::Pseudonym(name.to_owned()));
    }
    let key = Key::read(&snapshot.header.key)?;
    let emails: BTreeMap<Email, &Email> = names.emails.iter().map(|it| (key.email(it), it)).collect();
    let groups: BTreeMap<GroupName, &GroupName> = names.groups.iter().map(|it| (key.group(it), it)).collect();
    let people: BTreeMap<String, &String> = names.people.iter().map(|it| (key.person(it), it)).collect();
    let folded: BTreeMap<String, &GroupName> = names.groups.iter().map(|it| (key.folded(it), it)).collect();
    for group in &snapshot.readings.groups {
        if groups.contains_key(&group.name) {
            continue;
        }
        let alike = group.name.as_str().get(..=2 * SHOWN).and_then(|start| folded.get(start));
        if let Some(name) = alike.filter(|_| is_pseudonym(group.name.as_str())) {
            return Err(SnapshotError::Spelling((*name).clone()));
        }
    }
    let email = |email: &Email| emails.get(email).map_or_else(|| email.clone(), |it| (*it).clone());
    snapshot.rename(&Renaming {
        email: &|it, _| email(it),
        person: &|name, _| people.get(name).map_or_else(|| name.to_owned(), |it| (*it).clone()),
        group: &|group| groups.get(&group.name).map_or_else(|| group.name.clone(), |it| (*it).clone()),
    });
    let searched = snapshot.readings.searched.iter().map(email).collect();
    snapshot.readings.searched = searched;
    Ok(snapshot)
}

/// Whether a text has the form of a pseudonym of an email or a group.
fn is_pseudonym(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PSEUDONYM) else { return false };
    let digits = |text: &str| text.len() == 2 * SHOWN && text.bytes().all(|b| b.is_ascii_hexdigit());
    let email = rest.strip_suffix(DOMAIN).is_some_and(digits);
    email || rest.split_once(PSEUDONYM).is_some_and(|(folded, exact)| digits(folded) && digits(exact))
}

/// The key of the pseudonyms of one snapshot.
struct Key([u8; 32]);

impl Key {
    /// A digest of all that was read and of the time: it differs for each snapshot, and cannot be computed without
    /// knowing all of it.
    fn of(snapshot: &Snapshot) -> Self {
        #[derive(Serialize)]
        struct Content<'a>(&'a str, &'a Readings, &'a Capabilities);
        let content = Content(&snapshot.header.taken, &snapshot.readings, &snapshot.answers);
        #[expect(clippy::expect_used, reason = "plain values with string keys always serialise")]
        let bytes = serde_json::to_vec(&content).expect("a snapshot always serialises");
        Self(Sha256::digest(bytes).into())
    }

    fn read(text: &str) -> Result<Self, SnapshotError> {
        let digit = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digit).collect();
        let key = bytes.and_then(|bytes| bytes.try_into().ok());
        key.map(Self).ok_or_else(|| SnapshotError::NotASnapshot("its key is invalid".into()))
    }

    fn digest(&self, kind: u8, text: &str) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any key will do");
        mac.update(&[kind]);
        mac.update(text.as_bytes());
        hex(&mac.finalize().into_bytes()[..SHOWN])
    }

    fn email(&self, email: &Email) -> Email {
        let text = format!("{PSEUDONYM}{}{DOMAIN}", self.digest(b'e', &email.as_str().to_ascii_lowercase()));
        // Digits at a domain have the form of an email.
        Email::parse(&text).unwrap_or_else(|_| email.clone())
    }

    fn person(&self, name: &str) -> String {
        format!("{PSEUDONYM}{}", self.digest(b'p', name))
    }

    fn folded(&self, name: &GroupName) -> String {
        format!("{PSEUDONYM}{}", self.digest(b'f', &name.folded()))
    }

    /// Two digests, the first of them the same for names that differ only in case.
    fn group(&self, name: &GroupName) -> GroupName {
        GroupName::new(format!("{}{PSEUDONYM}{}", self.folded(name), self.digest(b'g', name.as_str())))
    }
}

/// Other names for everybody.
struct Renaming<'a> {
    email: &'a dyn Fn(&Email, Option<&AccountId>) -> Email,
    person: &'a dyn Fn(&str, Option<&AccountId>) -> String,
    group: &'a dyn Fn(&LiveGroup) -> GroupName,
}

impl Renaming<'_> {
    fn account(&self, account: &mut LiveAccount) {
        account.name = (self.person)(&account.name, Some(&account.id));
        account.email = account.email.as_ref().map(|email| (self.email)(email, Some(&account.id)));
    }

    fn of_organization(&self, person: &mut OrganizationUser) {
        person.name = (self.person)(&person.name, Some(&person.account));
        person.email = person.email.as_ref().map(|email| (self.email)(email, Some(&person.account)));
    }

    fn of_scim(&self, users: &mut Reading<Vec<ScimUser>>) {
        let Reading::Read(users) = users else { return };
        for user in users {
            let id = user.account.as_ref();
            user.name = (self.person)(&user.name, id);
            user.email = user.email.as_ref().map(|email| (self.email)(email, id));
            user.user_name = match Email::parse(&user.user_name) {
                Ok(email) => (self.email)(&email, id).as_str().to_owned(),
                Err(_) => (self.person)(&user.user_name, id),
            };
        }
    }
}

impl Snapshot {
    fn rename(&mut self, renaming: &Renaming<'_>) {
        let Self { readings, asked, answers, .. } = self;
        readings.accounts.values_mut().for_each(|account| renaming.account(account));
        readings.people.values_mut().for_each(|person| renaming.of_organization(person));
        renaming.of_scim(&mut readings.scim_users);
        let no_id = |name: &str| {
            (renaming.group)(&LiveGroup { id: GroupId::new(""), name: GroupName::new(name) })
                .as_str()
                .to_owned()
        };
        let nobody = |name: &str| (renaming.person)(name, None);
        readings.groups = readings.groups.renamed(renaming.group).calling_unidentified(no_id);
        let listings = readings.members.values_mut().chain([&mut readings.users]);
        listings.for_each(|listing| *listing = listing.clone().calling_unidentified(nobody));
        if let Some(jira) = &mut readings.rights.jira {
            renaming.account(&mut jira.acting);
            jira.site_admin_groups = jira.site_admin_groups.renamed(renaming.group);
        }
        for (id, name) in &mut asked.group_kinds {
            *name = (renaming.group)(&LiveGroup { id: id.clone(), name: name.clone() });
        }
        for groups in answers.memberships.values_mut() {
            *groups = groups.renamed(renaming.group);
        }
        answers.accounts.values_mut().flatten().for_each(|account| renaming.account(account));
        answers.people.values_mut().flatten().for_each(|person| renaming.of_organization(person));
        renaming.of_scim(&mut answers.scim_users);
    }
}
