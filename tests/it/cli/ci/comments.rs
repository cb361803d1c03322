//! One comment, whatever happens.

use axum::http::Method;

use super::platform::{KINDS, Kind, Platform};
use super::{GROUP, Machine, Runner, SETTLED, Step, TOKEN, yaml};

/// What a comment on every platform begins with.
fn marker(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub | Kind::GitLab => "<!-- rollbook-plan acme.atlassian.net -->\n",
        Kind::Bitbucket => "[//]: # (rollbook-plan acme.atlassian.net)\n",
    }
}

/// Puts the second commit on a branch of its own.
fn branch(machine: &Machine) {
    machine.git(&["switch", "--quiet", "-c", "change"]);
    machine.git(&["branch", "--quiet", "--force", "main", "HEAD~1"]);
}

/// A machine whose change is on the branch `change`, and a platform to tell of it.
fn machine(kind: Kind) -> (Machine, Platform) {
    let platform = Platform::new(kind);
    let mut machine = Machine::new();
    branch(&machine);
    let variable = match kind {
        Kind::GitHub => "GITHUB_API_URL",
        Kind::GitLab => "CI_API_V4_URL",
        Kind::Bitbucket => "BITBUCKET_API_URL",
    };
    machine.set(variable, platform.url());
    (machine, platform)
}

/// Plans the pull request and comments on it, as the recipe of the platform does.
fn pull_request(machine: &Machine, platform: &Platform) -> Step {
    let base = machine.git(&["rev-parse", "main"]);
    let token = ("ROLLBOOK_COMMENT_TOKEN", TOKEN);
    match platform.kind {
        Kind::GitHub => {
            let head = machine.git(&["rev-parse", "HEAD"]);
            platform.edit(|state| state.head.1.clone_from(&head));
            let note = yaml("examples/ci/github/pull-request-comment.yml");
            let note = note["jobs"]["comment"]["steps"][2]["with"]["note"].as_str().unwrap().to_owned();
            let note = note.trim().trim_start_matches("${{").trim_end_matches("}}").split_whitespace();
            let runner = Runner::new(machine)
                .knows("github.event.pull_request.base.sha", &base)
                .knows("github.event.pull_request.user.login", "ada")
                .knows("github.event.workflow_run.head_repository.owner.login", "ada")
                .knows("github.event.workflow_run.head_branch", "open/support")
                .knows("github.event.workflow_run.head_sha", &head)
                .knows("github.event.workflow_run.id", "18")
                .knows(&note.collect::<Vec<_>>().join(" "), "A note.");
            let planned = runner.job("pull-request.yml", "colleague");
            let commented = runner.job("pull-request-comment.yml", "comment");
            let code = if planned.code == 0 { commented.code } else { planned.code };
            Step { code, text: planned.text + &commented.text }
        }
        Kind::GitLab => {
            let recipe = yaml("examples/ci/gitlab/.gitlab-ci.yml");
            let lines = [&recipe[".rollbook"]["before_script"], &recipe["plan"]["script"]];
            let out = recipe["plan"]["variables"]["OUT"].as_str().unwrap();
            let variables = [
                token,
                ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base),
                ("CI_MERGE_REQUEST_IID", "5"),
                ("CI_PROJECT_ID", "3"),
                ("OUT", out),
            ];
            machine.script(&lines, &variables)
        }
        Kind::Bitbucket => {
            // The platform has a remote.
            if machine.git(&["remote"]).is_empty() {
                machine.git(&["remote", "add", "origin", "."]);
            }
            let recipe = yaml("examples/ci/bitbucket/bitbucket-pipelines.yml");
            let variables = [
                token,
                ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
                ("BITBUCKET_PR_ID", "5"),
                ("BITBUCKET_REPO_FULL_NAME", "acme/access"),
            ];
            machine.script(&[&recipe["pipelines"]["pull-requests"]["**"][1]["step"]["script"]], &variables)
        }
    }
}

#[test]
fn plans_after_each_other_edit_one_comment() {
    for kind in KINDS {
        let (machine, platform) = machine(kind);
        pull_request(&machine, &platform).ends(0).says("The comment is posted.");
        let [first] = &platform.comments()[..] else { panic!("{kind:?}: {:?}", platform.comments()) };
        assert!(first.body.starts_with(marker(kind)), "{kind:?}: {}", first.body);
        for line in
            ["### 1 grant and 1 revoke in 1 group, 2 people; 0 blocked", "+ chen@acme.com", "- erik@acme.com"]
        {
            assert!(first.body.contains(line), "{kind:?}: {}", first.body);
        }
        assert_eq!(first.body.contains("A note."), kind == Kind::GitHub);
        // What the scripts write does not make the work tree differ from its commit.
        let commit = format!("commit `{}`", &machine.git(&["rev-parse", "HEAD"])[..12]);
        assert!(first.body.contains(&commit), "{kind:?}: {}", first.body);
        // What Bitbucket would show as text.
        assert_eq!(first.body.contains('<'), kind != Kind::Bitbucket, "{}", first.body);
        machine.write("groups/developers.yaml", &GROUP.replace("      - chen@acme.com\n", ""));
        machine.commit("third");
        pull_request(&machine, &platform).ends(0).says("The comment is up to date.");
        let [second] = &platform.comments()[..] else { panic!("{kind:?}: {:?}", platform.comments()) };
        assert!(second.body.contains("0 grants and 1 revoke in 1 group"), "{kind:?}: {}", second.body);
    }
}

#[test]
fn a_strangers_comment_is_left_alone() {
    for kind in KINDS {
        let (machine, platform) = machine(kind);
        let (own, stranger) = kind.authors();
        let quoted = format!("{}### No changes\n", marker(kind));
        platform.comment_by(stranger, &quoted);
        // One's own that only quotes it, and one of another site, are others too.
        platform.comment_by(own, &format!("Look:\n{quoted}"));
        platform.comment_by(own, &quoted.replace("acme.", "acme-test."));
        for _ in 0..2 {
            pull_request(&machine, &platform).ends(0);
        }
        let comments = platform.comments();
        assert_eq!(comments.len(), 4, "{kind:?}: {comments:?}");
        assert_eq!(comments[0].body, quoted, "{kind:?}");
        assert!(comments[3].body.contains("+ chen@acme.com"), "{kind:?}");
    }
}

#[test]
fn a_comment_is_found_on_any_page() {
    for kind in KINDS {
        let (machine, platform) = machine(kind);
        let (own, stranger) = kind.authors();
        for number in 0..8 {
            platform.comment_by(stranger, &format!("{}{number}", marker(kind)));
        }
        platform.comment_by(own, &format!("{}the plan", marker(kind)));
        platform.comment_by(stranger, "Looks good.");
        platform.edit(|state| state.page = 3);
        pull_request(&machine, &platform).ends(0).says("The comment is up to date.");
        let comments = platform.comments();
        assert_eq!(comments.len(), 10, "{kind:?}");
        assert!(comments[8].body.contains("+ chen@acme.com"), "{kind:?}");
    }
}

#[test]
fn a_listing_that_goes_on_elsewhere_gets_no_token() {
    for kind in KINDS {
        let (machine, platform) = machine(kind);
        let elsewhere = Platform::new(kind);
        for _ in 0..3 {
            platform.comment_by(kind.authors().1, "Looks good.");
        }
        platform.edit(|state| (state.page, state.elsewhere) = (2, Some(elsewhere.url().to_owned())));
        pull_request(&machine, &platform).ends(1).says("a listing goes on at another place");
        assert_eq!(elsewhere.edit(|state| state.asked.len()), 0, "{kind:?}");
    }
}

#[test]
fn a_comment_that_is_gone_is_made_again() {
    for kind in KINDS {
        let (machine, platform) = machine(kind);
        platform.comment_by(kind.authors().0, marker(kind));
        let edit = if kind == Kind::GitHub { Method::PATCH } else { Method::PUT };
        platform.edit(|state| state.fails = Some((edit, 404, 1)));
        pull_request(&machine, &platform).ends(0).says("The comment is posted.");
        assert_eq!(platform.comments().len(), 2, "{kind:?}: this platform keeps it");
    }
}

#[test]
fn an_error_fails_the_step_and_only_a_read_is_sent_again() {
    for kind in KINDS {
        let (machine, platform) = machine(kind);
        platform.edit(|state| state.fails = Some((Method::GET, 502, 1)));
        pull_request(&machine, &platform).ends(0);
        for (method, status) in [(Method::POST, 502), (Method::POST, 403), (Method::GET, 403)] {
            let platform = Platform::new(kind);
            let mut machine = Machine::new();
            branch(&machine);
            for variable in ["GITHUB_API_URL", "CI_API_V4_URL", "BITBUCKET_API_URL"] {
                machine.set(variable, platform.url());
            }
            platform.edit(|state| state.fails = Some((method.clone(), status, 9)));
            let step = pull_request(&machine, &platform).ends(1).says(&status.to_string());
            // The runner takes commands from the beginning of a line, and older ones from anywhere in it.
            let mut lines = step.text.lines();
            assert!(lines.all(|line| !line.starts_with("::") && !line.contains("##[")), "{}", step.text);
            let asked = platform.edit(|state| state.asked.clone());
            let asked = asked.iter().filter(|line| line.starts_with(method.as_str())).count();
            assert_eq!(asked, 1, "{kind:?} {method} {status}");
        }
    }
}

#[test]
fn who_comments_as_somebody_unexpected_is_told() {
    let (mut machine, platform) = machine(Kind::GitLab);
    machine.set("COMMENT_AUTHOR", "99");
    pull_request(&machine, &platform).ends(1).says("set COMMENT_AUTHOR");
}

#[test]
fn a_tree_that_cannot_be_planned_is_said_where_there_was_a_plan() {
    for kind in KINDS {
        let (machine, platform) = machine(kind);
        machine.write("groups/developers.yaml", "groups:\n  developers:\n");
        machine.commit("broken");
        pull_request(&machine, &platform).says("no comment that shows one");
        assert_eq!(platform.comments().len(), 0, "{kind:?}");
        machine.write("groups/developers.yaml", GROUP);
        machine.commit("mended");
        pull_request(&machine, &platform).ends(0);
        machine.write("groups/developers.yaml", "groups:\n  developers:\n");
        machine.commit("broken again");
        let step = pull_request(&machine, &platform);
        assert_ne!(step.code, 0, "{kind:?}");
        let [comment] = &platform.comments()[..] else { panic!("{kind:?}") };
        assert_eq!(
            comment.body,
            format!(
                "{}\n### No plan\n\nThe newest commit could not be planned. Its check says why.\n",
                marker(kind)
            )
        );
        machine.write("groups/developers.yaml", SETTLED);
        machine.commit("mended again");
        pull_request(&machine, &platform).ends(0);
        let [comment] = &platform.comments()[..] else { panic!("{kind:?}") };
        assert!(comment.body.contains("### No changes"), "{}", comment.body);
    }
}

#[test]
fn a_plan_that_a_guard_refuses_is_shown_and_fails() {
    for kind in KINDS {
        let (machine, platform) = machine(kind);
        let policy = "policy: { protect: { users: [erik@acme.com] } }\n";
        let root = machine.read("work/rollbook.yaml");
        machine.write("rollbook.yaml", &format!("{root}{policy}"));
        machine.commit("protect");
        let step = pull_request(&machine, &platform);
        assert_ne!(step.code, 0, "{}", step.text);
        let [comment] = &platform.comments()[..] else { panic!("{kind:?}: {}", step.text) };
        assert!(comment.body.contains("### Refused: "), "{}", comment.body);
    }
}
