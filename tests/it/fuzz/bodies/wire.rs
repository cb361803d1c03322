//! Answers of the surfaces, whatever they are: what is read of them, and what is said of them.

mod calls;
mod script;

use std::sync::Arc;

use rollbook::atlassian::Error;
use rollbook::model::{ErrorExt as _, is_invisible};
use rollbook::render::escape_untrusted;

use calls::{CALLS, Called, Peer};
use script::Script;

use super::shown::is_harmless;

/// The longest that an error may be.
const LONGEST: usize = 4000;

/// The first byte says what is asked for, the rest is what is answered.
pub(super) fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let (name, call) = CALLS[usize::from(*first) % CALLS.len()];
    let script = Arc::new(Script::of(rest));
    // Every wait is the clock's, which stands still, so that no answer takes real time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime can be made");
    let called = runtime.block_on(call(&Peer::of(&script)));
    let log = script.log();
    for ((method, target), accepted) in &log.accepted {
        // These change nothing, and getting two tokens does no harm.
        let reads = ["/search", "/workspaces", "/oauth/token"].iter().any(|end| target.ends_with(end));
        let once = *accepted <= 1 || method == "GET" || reads;
        assert!(once, "{method} {target} was sent {accepted} times after it may have been done");
    }
    match called {
        Called::Read => assert!(log.last_is_success(), "{:?}", log.last),
        Called::OperationHistory(text) => has_no_secret(&script, name, &text),
        Called::Done => {}
        Called::Failed(error) => failed(&script, name, &error),
    }
}

/// An error says something, within bounds, and no secret.
fn failed(script: &Script, call: &str, error: &Error) {
    let text = error.chain();
    assert!(!text.is_empty() && text.len() < LONGEST, "{} bytes: {text}", text.len());
    has_no_secret(script, call, &text);
    // The code that prints it makes commands in it harmless too; what cannot be seen is gone before.
    assert!(!text.contains(|c| c != ' ' && is_invisible(c)), "{text:?}");
    is_harmless(&escape_untrusted(&format!("{text} {}", error.help().unwrap_or_default())));
    has_no_secret(script, call, &format!("{error:?}"));
}

/// No form of the secrets that were sent shows: an answer was given each of them to repeat.
fn has_no_secret(script: &Script, call: &str, text: &str) {
    let lower = text.to_ascii_lowercase();
    for part in script.secrets(call.starts_with("jira_")) {
        assert!(!lower.contains(&part), "{part} shows in {text}");
    }
}
