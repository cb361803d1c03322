//! The comparison of a plan with the reviewed one.

use crate::model::{Key, Plan};
use crate::render::escape_untrusted;
use crate::render::lines::{BOLD, Lead, REVOKE, Row, count, painted, wrapped};

use super::{SHORT_FINGERPRINT, readable};

/// The reviewed plan that this is a part of, in a sentence.
pub(super) fn reviewed(plan: &Plan, width: usize) -> String {
    let Some(review) = &plan.review else { return String::new() };
    let fingerprint = review.fingerprint.get(..SHORT_FINGERPRINT).unwrap_or(&review.fingerprint);
    let sentence = format!("Only operations of the reviewed plan {}.", escape_untrusted(fingerprint));
    wrapped(&sentence, &Lead::PLAIN, width)
}

/// The reviewed operations that no longer follow: with them, nothing is done.
pub(super) fn misfits(plan: &Plan, width: usize) -> String {
    let Some(review) = &plan.review else { return String::new() };
    let mut text = String::new();
    if !review.misfits.is_empty() {
        text.push_str(&title("No longer follows", review.misfits.len()));
        for misfit in &review.misfits {
            let head = format!("! {} {}", misfit.key.action, readable(&misfit.key.address));
            let head = escape_untrusted(&head);
            let row = Row { style: REVOKE, indent: 0, head: &head, head_width: 28, middle: "", right: "" };
            text.push_str(&row.text(width));
            text.push_str(&wrapped(&escape_untrusted(&misfit.why), &Lead::ABOUT, width));
        }
    }
    text
}

/// The operations that are not done: since the site already satisfies them, or since nobody reviewed them.
pub(super) fn after_operations(plan: &Plan, width: usize) -> String {
    let Some(review) = &plan.review else { return String::new() };
    let mut text = list("Satisfied already", &review.satisfied, width);
    text.push_str(&list("Not reviewed, and not done", &review.not_reviewed, width));
    if review.elsewhere > 0 {
        let others = count(review.elsewhere, "other operation");
        let sentence = format!("The tree asks for {others} elsewhere, not reviewed and not done.");
        text.push_str(&format!("\n{}", wrapped(&sentence, &Lead::PLAIN, width)));
    }
    text
}

fn list(name: &str, keys: &[Key], width: usize) -> String {
    if keys.is_empty() {
        return String::new();
    }
    let mut text = title(name, keys.len());
    for key in keys {
        let line = format!("{} {}", key.action, readable(&key.address));
        text.push_str(&wrapped(&escape_untrusted(&line), &Lead::BULLET, width));
    }
    text
}

fn title(name: &str, number: usize) -> String {
    format!("\n{}\n", painted(BOLD, &format!("{name} ({number})")))
}
