//! The trial on each platform's page: its lines, exactly as on the page, lead to a first comment.

use std::net::TcpListener;

use rollbook::platform::Kind;
use serde_yaml::Value;

use super::TOKEN;
use super::machine::{Event, KINDS, Machine};
use crate::cli::{files_of, repository};

/// The YAML that a page has under the heading of its trial.
fn lines_of_page(kind: Kind) -> Value {
    let page = match kind {
        Kind::GitHub => "docs/ci-github.md",
        Kind::GitLab => "docs/ci-gitlab.md",
        Kind::Bitbucket => "docs/ci-bitbucket.md",
    };
    let text = std::fs::read_to_string(repository().join(page)).unwrap();
    let (_, trial) =
        text.split_once("## 3. A first comment, without a site\n").expect("the page has a trial");
    let (_, fenced) = trial.split_once("   ```yaml\n").unwrap();
    let (lines, _) = fenced.split_once("   ```\n").unwrap();
    serde_yaml::from_str(lines).unwrap()
}

#[test]
fn the_trial_of_each_page_leads_to_a_comment() {
    for kind in KINDS {
        let machine = Machine::new(kind);
        machine.checkout(&["main"]);
        for (name, text) in files_of("minimal") {
            machine.write(&name, &text);
        }
        machine.commit("The trial", "ada");
        machine.push("main", "ada");
        machine.checkout(&["-B", "change"]);
        let developers = std::fs::read_to_string(machine.dev().join("groups/developers.yaml")).unwrap();
        machine.write("groups/developers.yaml", &developers.replace("- grace@acme.com", "- chen@acme.com"));
        machine.commit("Chen instead of Grace", "bruno");
        machine.push("change", "bruno");
        let pull = machine.open("change", "main", "bruno");
        let (clone, variables) = machine.start(Event::Pull(pull), None);
        let mut variables = machine.of_environment(None, &variables);
        variables.retain(|name, _| !name.starts_with("ROLLBOOK_ENDPOINT_"));
        if kind != Kind::GitHub {
            variables.insert("ROLLBOOK_CI_TOKEN".into(), TOKEN.into());
        }
        let job = lines_of_page(kind);
        let (script, set) = match kind {
            Kind::GitHub => (job[0]["run"].as_str().unwrap().to_owned(), &job[0]["env"]),
            Kind::GitLab | Kind::Bitbucket => {
                let lines = job["script"].as_sequence().unwrap().iter().map(|line| line.as_str().unwrap());
                (lines.collect::<Vec<_>>().join("\n"), &job["variables"])
            }
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let own = |text: &str| text.replace("8099", &port).replace("${{ github.token }}", TOKEN);
        for (name, value) in set.as_mapping().into_iter().flatten() {
            variables.insert(name.as_str().unwrap().into(), own(value.as_str().unwrap()));
        }
        // The platform ends what a job leaves running.
        let script = format!("trap 'kill $(jobs -p)' EXIT\n{}", own(&script));
        let ran = machine.bash(&script, &clone, &variables).ends(0);
        if kind == Kind::GitHub {
            machine.comment_on(pull, &ran).ends(0);
        }
        let [comment] = &machine.hub.comments(pull)[..] else { panic!("one comment\n{}", ran.text) };
        assert!(comment.contains("`chen@acme.com`") || comment.contains("+ chen@acme.com"), "{comment}");
        assert!(comment.contains("may be anybody") && comment.contains("has completed yet"), "{comment}");
    }
}
