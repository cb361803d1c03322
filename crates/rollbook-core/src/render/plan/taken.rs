//! The snapshot that a plan was made from.

use crate::model::{Plan, UserRef, is_veiled};
use crate::render::lines::count;

/// Sentences about the snapshot that a plan was made from; `None` if it was made from the site.
pub(in crate::render) fn taken(plan: &Plan) -> Option<String> {
    let taken = plan.header.snapshot.as_ref()?;
    let mut text = format!("From a snapshot of {}.", taken.at);
    if taken.old {
        let hours = usize::try_from(taken.hours).unwrap_or(usize::MAX);
        text.push_str(&format!(
            " It is {} old: take a new one before you rely on this plan.",
            count(hours, "hour")
        ));
    }
    let veiled = plan.operations.iter().any(|planned| {
        let address = &planned.key.address;
        let user = address.user().is_some_and(|user| match user {
            UserRef::Email(email) => is_veiled(email.as_str()),
            UserRef::Account(_) => false,
        });
        let named = planned.name.as_deref().is_some_and(is_veiled);
        user || named || address.group().is_some_and(|group| is_veiled(group.as_str()))
    });
    if veiled {
        text.push_str(" A name that starts with ~ is a pseudonym for one that it does not contain.");
    }
    Some(text)
}
