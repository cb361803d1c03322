//! A repository and a platform to try `rollbook ci` by hand, until it is interrupted:
//! `ROLLBOOK_SERVE=gitlab cargo test --test it -- --ignored --nocapture serve_a_platform`.

use std::io::Write as _;
use std::time::Duration;
use std::{io, thread};

use rollbook::platform::Kind;

use super::TOKEN;
use super::machine::{Event, Machine};

/// How long it serves.
const AN_HOUR: Duration = Duration::from_secs(3600);

#[test]
#[ignore = "it serves for an hour"]
fn serve_a_platform() {
    let kind = match std::env::var("ROLLBOOK_SERVE").as_deref() {
        Ok("gitlab") => Kind::GitLab,
        Ok("bitbucket") => Kind::Bitbucket,
        _ => Kind::GitHub,
    };
    let machine = Machine::new(kind);
    let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
    let (clone, mut variables) = machine.start(Event::Pull(pull), None);
    variables.insert("ROLLBOOK_CI_TOKEN".into(), TOKEN.into());
    let mut out = io::stdout();
    let mut print = |line: String| writeln!(out, "{line}").unwrap();
    print(format!("# A clone of pull request {pull}, as {} makes it:", kind.name()));
    print(format!("cd '{}'", clone.display()));
    for (name, value) in &variables {
        print(format!("export {name}='{value}'"));
    }
    print("# Its comments are shown here as they come.".into());
    let mut seen = Vec::new();
    for _ in 0..AN_HOUR.as_secs() {
        let comments = machine.hub.comments(pull);
        if comments != seen {
            print(format!("# {} comments:\n{}", comments.len(), comments.join("\n---\n")));
            seen = comments;
        }
        thread::sleep(Duration::from_secs(1));
    }
}
