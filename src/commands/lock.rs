//! `rollbook lock`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch;
use crate::model::{AccountId, Email, Lock, LockedId, listed};
use crate::plan::{self, Beside, Desired, Lookup};
use crate::render::{self, count};

use super::{SELECTION, Session, block_on, connect};
use crate::files::{Readers, read_text, replace};

/// The largest export of accounts that is read, in bytes.
pub(super) const LARGEST_EXPORT: u64 = 512 << 20;

/// How many names a note lists.
pub(super) const SHOWN: usize = 10;

/// The arguments of `lock`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// An export of users from the admin console, for hidden emails; the site's data wins over it
    #[arg(long, value_name = "FILE.csv", help_heading = SELECTION)]
    accounts: Option<PathBuf>,
}

/// Resolves every user and group that the tree declares, and writes `rollbook.lock`. A name that does not resolve is
/// reported at its line, and keeps its entry.
///
/// # Errors
/// [`Error`] when the tree, the export or the site cannot be read, or the lock cannot be written.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let exported = arguments.accounts.as_deref().map(exported).transpose()?.unwrap_or_default();
    let loaded = session.load()?;
    let desired = Desired::of(&loaded.declaration, session.today).with_lookup(Lookup::ForLock);
    let surfaces = connect(session, &loaded.declaration.settings)?;
    let live = block_on(async { Ok(fetch::live_state(&surfaces, &desired, Beside::default()).await?) })?;
    let locking = plan::lock(&desired, &live, &exported);

    let path = session.root()?.join(config::LOCK);
    replace(&path, &config::lock_text(&locking.lock), Readers::Everybody)
        .map_err(Error::io(format!("failed to write {}", path.display())))?;
    session.data(&changes(&loaded.declaration.lock, &locking.lock))?;
    offer_emails(session, &plan::emails_of_accounts(&desired, &live, &exported));
    if locking.diagnostics.is_empty() {
        return Ok(Exit::Done);
    }
    let style = session.diagnostic_style(session.terminal.stderr_in_color());
    session.terminal.tell(&render::diagnostics(&loaded.tree, &locking.diagnostics, style));
    Ok(Exit::Incomplete)
}

/// Lists the accounts that the tree names by `account:` and could now name by email.
pub(super) fn offer_emails(session: &Session, known: &[(AccountId, Email)]) {
    if known.is_empty() {
        return;
    }
    let pairs: Vec<String> = known.iter().map(|(id, email)| format!("{id} is {email}")).collect();
    session.terminal.say(&format!(
        "note: the email of {} that the tree names by `account:` is known now, and may be written there instead: {}",
        count(known.len(), "account"),
        render::escape_untrusted(&listed(&pairs, SHOWN))
    ));
}

fn exported(path: &Path) -> Result<BTreeMap<Email, AccountId>, Error> {
    let text =
        read_text(path, LARGEST_EXPORT).map_err(Error::io(format!("failed to read {}", path.display())))?;
    config::exported_accounts(&text).map_err(|source| Error::Export { path: path.to_path_buf(), source })
}

fn changes(old: &Lock, new: &Lock) -> String {
    let mut text = differences(&old.users, &new.users);
    text.push_str(&differences(&old.groups, &new.groups));
    let (users, groups) = (count(new.users.len(), "user"), count(new.groups.len(), "group"));
    text.push_str(&format!("{}: {users}, {groups}\n", config::LOCK));
    text
}

/// One line for every entry that was added, removed or changed.
fn differences<Name, Id>(old: &BTreeMap<Name, LockedId<Id>>, new: &BTreeMap<Name, LockedId<Id>>) -> String
where
    Name: Ord + ToString,
    Id: PartialEq + ToString,
{
    // IDs come from a surface or an export, and names may too.
    let shown = |text: &dyn ToString| render::escape_untrusted(&text.to_string()).into_owned();
    let mut text = String::new();
    for (name, locked) in new {
        let id = shown(&locked.id);
        match old.get(name) {
            None => text.push_str(&format!("+ {} {id} ({})\n", shown(name), locked.from)),
            Some(was) if was.id != locked.id => {
                let was = shown(&was.id);
                text.push_str(&format!("~ {} {was} → {id} ({})\n", shown(name), locked.from));
            }
            Some(_) => {}
        }
    }
    for (name, was) in old.iter().filter(|(name, _)| !new.contains_key(name)) {
        text.push_str(&format!("- {} {}\n", shown(name), shown(&was.id)));
    }
    text
}
