//! What the recipes do besides comments: apply, revoke what expired, and say what drifted.

use super::platform::{Kind, Platform};
use super::{GROUP, Machine, Runner, SETTLED, TOKEN, is_there, yaml};

/// A machine with GitHub's API.
fn github() -> (Machine, Platform) {
    let platform = Platform::new(Kind::GitHub);
    let mut machine = Machine::new();
    machine.set("GITHUB_API_URL", platform.url());
    (machine, platform)
}

#[test]
fn a_plan_leaves_outputs_a_summary_and_a_file() {
    let (machine, _platform) = github();
    let base = machine.git(&["rev-parse", "HEAD~1"]);
    let runner = Runner::new(&machine)
        .knows("github.event.pull_request.base.sha", &base)
        .knows("github.event.pull_request.user.login", "ada");
    runner.job("pull-request.yml", "colleague").ends(0);
    assert_eq!(machine.output("exit-code"), "2");
    assert_eq!(machine.output("changes"), "true");
    assert_eq!(machine.output("author"), "ada@acme.com");
    assert_eq!(machine.output("fingerprint").len(), 64);
    let saved: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(machine.output("plan")).unwrap()).unwrap();
    assert_eq!(saved["fingerprint"], machine.output("fingerprint"));
    assert_eq!(saved["header"]["commit"], machine.git(&["rev-parse", "HEAD"]), "the work tree stayed clean");
    assert_eq!(saved["base"]["revision"]["commit"], base);
    assert!(machine.read("summary").contains("+ chen@acme.com"), "{}", machine.read("summary"));
    assert_eq!(machine.writes(), 0);
}

#[test]
fn a_check_finds_mistakes() {
    let (machine, _platform) = github();
    let check = |code| {
        let with = [("command".to_owned(), "check".to_owned())].into();
        Runner::new(&machine).action(&with, &[].into()).ends(code)
    };
    check(0);
    machine.write("groups/developers.yaml", "groups:\n  developers:\n");
    check(3).says("developers.yaml");
}

#[test]
fn a_merge_is_applied_and_its_journal_is_kept() {
    let (machine, platform) = github();
    let head = machine.git(&["rev-parse", "HEAD"]);
    platform.edit(|state| state.merged.clone_from(&head));
    let base = machine.git(&["rev-parse", "HEAD~1"]);
    let runner = Runner::new(&machine).knows("github.event.before", &base);
    runner.job("merge.yml", "apply").ends(0);
    assert_eq!((machine.writes(), machine.output("exit-code").as_str()), (2, "0"));
    assert_eq!(machine.output("author"), "ada@acme.com", "it was her pull request");
    let journal = machine.path("runner").join("rollbook-out/journal.jsonl");
    assert!(is_there(&journal));
    assert!(machine.read("summary").contains("chen@acme.com"), "{}", machine.read("summary"));
    // Another commit's pull request says nothing of who made this one.
    platform.edit(|state| state.merged = "0".repeat(40));
    std::fs::remove_file(journal).unwrap();
    runner.job("merge.yml", "apply").ends(0);
    assert_eq!((machine.writes(), machine.output("author").as_str()), (2, ""));
}

#[test]
fn the_author_of_a_change_may_not_let_themselves_in() {
    let (machine, platform) = github();
    let root = machine.read("work/rollbook.yaml");
    let policy = "policy: { privileged: [developers], self-grant: refuse }\n";
    machine.write("rollbook.yaml", &format!("{root}{policy}"));
    machine.write("groups/developers.yaml", SETTLED);
    machine.commit("privileged");
    machine.write("groups/developers.yaml", GROUP);
    machine.commit("let Chen in");
    let (head, base) = (machine.git(&["rev-parse", "HEAD"]), machine.git(&["rev-parse", "HEAD~1"]));
    platform.edit(|state| state.merged = head);
    let runner = Runner::new(&machine).knows("github.event.before", &base);
    let chens = r#"{ "ada": "chen@acme.com" }"#;
    runner.knows("vars.ROLLBOOK_AUTHORS", chens).job("merge.yml", "apply").ends(4).says("self-grant");
    assert_eq!(machine.writes(), 0);
    // Nobody knows whose it was: so it may have been hers.
    let runner = Runner::new(&machine).knows("github.event.before", &base);
    runner.knows("vars.ROLLBOOK_AUTHORS", "").job("merge.yml", "apply").ends(4);
    let runner = Runner::new(&machine).knows("github.event.before", &base);
    runner.job("merge.yml", "apply").ends(0);
    assert_eq!(machine.writes(), 2);
}

/// A tree in which only Bruno's access has come to its end.
fn expired(machine: &Machine) {
    let until = "      - user: bruno@acme.com\n        until: 2020-01-01\n        because: OPS-1\n";
    machine.write("groups/developers.yaml", &GROUP.replace("      - bruno@acme.com\n", until));
    machine.commit("bruno leaves");
}

#[test]
fn a_night_takes_away_what_expired_and_nothing_else() {
    let (machine, _platform) = github();
    expired(&machine);
    Runner::new(&machine).job("expired.yml", "expired").ends(0);
    let writes = machine.site.sandbox.requests().writes;
    assert_eq!(
        writes.iter().map(|write| write.route.split(' ').next()).collect::<Vec<_>>(),
        [Some("DELETE")]
    );

    let machine = Machine::new();
    expired(&machine);
    let recipe = yaml("examples/ci/gitlab/.gitlab-ci.yml");
    let lines = [&recipe[".rollbook"]["before_script"], &recipe["expired"]["script"]];
    machine.script(&lines, &[("OUT", "rollbook-apply")]).ends(0);
    assert_eq!(machine.writes(), 1);
    assert!(is_there(&machine.path("work/rollbook-apply/journal.jsonl")));

    let machine = Machine::new();
    expired(&machine);
    let recipe = yaml("examples/ci/bitbucket/bitbucket-pipelines.yml");
    machine.script(&[&recipe["pipelines"]["custom"]["expired"][0]["step"]["script"]], &[]).ends(0);
    assert_eq!(machine.writes(), 1);
}

#[test]
fn what_is_over_is_proposed_once() {
    let (mut machine, platform) = github();
    machine.set("GITHUB_SERVER_URL", "https://github.com");
    machine.set("GITHUB_REF_NAME", "main");
    let origin = machine.path("origin.git").display().to_string();
    machine.git(&["init", "--quiet", "--bare", &origin]);
    machine.git(&["remote", "add", "origin", &origin]);
    let week = || Runner::new(&machine).job("cleanup.yml", "cleanup");
    week().ends(0).says("Nothing has come to its end.");
    // Live still has him: the line says why he is to go.
    expired(&machine);
    week().ends(0).says("Nothing has come to its end.");
    Runner::new(&machine).job("expired.yml", "expired").ends(0);
    let main = machine.git(&["rev-parse", "HEAD"]);
    week().ends(0).says("Pull request 9 is open.");
    let group = machine.git(&["--git-dir", &origin, "show", "rollbook/prune:groups/developers.yaml"]);
    assert!(!group.contains("bruno") && group.contains("ada@acme.com"), "{group}");
    machine.git(&["reset", "--quiet", "--hard", &main]);
    week().ends(0).says("Pull request 9 is up to date.");
    let proposed = platform.edit(|state| state.proposed.clone());
    assert_eq!(proposed.len(), 1);
    assert_eq!((&proposed[0]["head"], &proposed[0]["base"]), (&"rollbook/prune".into(), &"main".into()));
    platform.edit(|state| state.fails = Some((axum::http::Method::GET, 403, 9)));
    machine.git(&["reset", "--quiet", "--hard", &main]);
    week().ends(1);
}

#[test]
fn gitlab_and_bitbucket_apply_their_main_branch() {
    let machine = Machine::new();
    let recipe = yaml("examples/ci/gitlab/.gitlab-ci.yml");
    let lines = [&recipe[".rollbook"]["before_script"], &recipe["apply"]["script"]];
    let base = machine.git(&["rev-parse", "HEAD~1"]);
    let variables = [("OUT", "rollbook-apply"), ("CI_COMMIT_BEFORE_SHA", &base)];
    machine.script(&lines, &variables).ends(0).says("Compared with");
    assert_eq!(machine.writes(), 2);

    // A branch that is new has nothing before it.
    let machine = Machine::new();
    let nothing = "0".repeat(40);
    machine.script(&lines, &[("OUT", "rollbook-apply"), ("CI_COMMIT_BEFORE_SHA", &nothing)]).ends(0);
    assert_eq!(machine.writes(), 2);

    let machine = Machine::new();
    let recipe = yaml("examples/ci/bitbucket/bitbucket-pipelines.yml");
    let script = &recipe["pipelines"]["branches"]["main"][0]["step"]["script"];
    machine.script(&[script], &[]).ends(0).says("Compared with");
    assert_eq!(machine.writes(), 2);
    assert!(is_there(&machine.path("work/rollbook-apply/journal.jsonl")));
}

#[test]
fn drift_keeps_one_issue_as_long_as_there_is_some() {
    let (machine, platform) = github();
    let marker = "<!-- rollbook-drift acme.atlassian.net -->\n";
    platform.edit(|state| {
        for number in 0..5 {
            let body = format!("{marker}{number}");
            let id = state.issues.len() + 1;
            let author = "mallory".to_owned();
            state.issues.push(super::platform::Entry { id, author, body, open: true });
        }
        state.page = 2;
    });
    let night = || Runner::new(&machine).job("drift.yml", "drift");
    night().ends(0).says("Issue 6 is open.");
    night().ends(0).says("Issue 6 is up to date.");
    let issues = platform.issues();
    assert_eq!(issues.len(), 6);
    assert!(issues[5].body.starts_with(marker) && issues[5].body.contains("- erik@acme.com"), "{issues:?}");
    assert!(issues[5].body.contains("https://github.com/acme/access/actions/runs/17"));
    // Without a plan nobody knows.
    machine.write("groups/developers.yaml", "groups:\n  developers:\n");
    let step = night();
    assert_ne!(step.code, 0, "{}", step.text);
    assert!(platform.issues()[5].open);
    machine.write("groups/developers.yaml", SETTLED);
    night().ends(0).says("Issue 6 is closed");
    night().ends(0);
    assert_eq!(platform.issues().iter().filter(|issue| issue.open).count(), 5, "those of others");
    machine.write("groups/developers.yaml", GROUP);
    night().ends(0).says("Issue 7 is open.");
}

#[test]
fn gitlab_and_bitbucket_fail_where_something_drifted() {
    let gitlab = yaml("examples/ci/gitlab/.gitlab-ci.yml");
    let bitbucket = yaml("examples/ci/bitbucket/bitbucket-pipelines.yml");
    for script in
        [&gitlab["drift"]["script"], &bitbucket["pipelines"]["custom"]["drift"][0]["step"]["script"]]
    {
        let machine = Machine::new();
        machine.script(&[script], &[]).ends(2).says("erik@acme.com");
        machine.write("groups/developers.yaml", SETTLED);
        machine.script(&[script], &[]).ends(0);
        assert_eq!(machine.writes(), 0);
    }
}

#[test]
fn the_recipes_check_what_is_asked_for() {
    let gitlab = yaml("examples/ci/gitlab/.gitlab-ci.yml");
    let bitbucket = yaml("examples/ci/bitbucket/bitbucket-pipelines.yml");
    for script in
        [&gitlab["check"]["script"], &bitbucket["pipelines"]["pull-requests"]["**"][0]["step"]["script"]]
    {
        let machine = Machine::new();
        machine.script(&[script], &[]).ends(0);
        machine.write("groups/developers.yaml", "groups:\n  developers:\n");
        machine.script(&[script], &[]).ends(3);
    }
}

/// A plan from outside names no pull request, and its text is made by the job that comments.
#[test]
fn a_plan_from_outside_is_data() {
    let (machine, platform) = github();
    let runner = |sha: &str| {
        let with = [
            ("command", "comment"),
            ("head", "ada:open/support"),
            ("head-sha", sha),
            ("note", "From a fork."),
        ];
        let with = with.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Runner::new(&machine).action(&with, &[].into())
    };
    let out = machine.path("runner/rollbook-out");
    std::fs::create_dir_all(&out).unwrap();
    platform.edit(|state| state.head.1 = "a".repeat(40));
    std::fs::write(
        out.join("plan.json"),
        "<!-- rollbook-plan acme.atlassian.net -->\n@everybody [x](http://x)\n",
    )
    .unwrap();
    runner(&"a".repeat(40)).ends(1).says("the plan cannot be shown");
    assert_eq!(platform.comments().len(), 0);
    let plan = [("command".to_owned(), "plan".to_owned())].into();
    Runner::new(&machine).action(&plan, &[].into()).ends(0);
    // The branch has moved on since.
    runner(&"b".repeat(40)).ends(0).says("nothing to say");
    assert_eq!(platform.comments().len(), 0);
    runner(&"a".repeat(40)).ends(0);
    let [comment] = &platform.comments()[..] else { panic!("one comment") };
    assert!(comment.body.contains("-->\n> From a fork.\n\n### 1 grant"), "{}", comment.body);
    assert!(
        platform.edit(|state| state.asked.contains(&"POST /repos/acme/access/issues/5/comments".to_owned()))
    );
}

/// The build itself takes minutes: a stand-in for cargo says what it was asked for.
#[test]
fn a_runner_without_a_binary_builds_one_and_keeps_it() {
    let (machine, _platform) = github();
    std::fs::remove_file(machine.path("bin/rollbook")).unwrap();
    let cargo = "printf '%s ' \"$@\" >>\"$HOME/cargo\"\nwhile [ \"$1\" != --target-dir ]; do shift; done\n\
                 mkdir -p \"$2/release\"\nprintf '#!/bin/sh\\necho it is built\\n' >\"$2/release/rollbook\"\n\
                 chmod +x \"$2/release/rollbook\"\n";
    machine.tool("cargo", cargo);
    let install = || {
        let with = [("cache".to_owned(), "true".to_owned())].into();
        Runner::new(&machine).action(&with, &[].into())
    };
    install().ends(0).says("it is built");
    let once = machine.read("home/cargo");
    assert!(once.contains("build --release --locked --manifest-path"), "{once}");
    assert_eq!(machine.output("needed"), "true");
    let key = machine.output("key");
    assert!(key.starts_with("rollbook-Linux-X64-") && key.len() == 19 + 64, "{key}");
    assert_eq!(machine.read("added").trim(), machine.path("home/.cache/rollbook").display().to_string());
    install().ends(0).says("it is built");
    assert_eq!(machine.read("home/cargo"), once, "what is there is not built again");
    assert_eq!(machine.output("key"), key);
}

#[test]
fn the_hooks_of_pre_commit_run() {
    let (machine, _platform) = github();
    for hook in yaml(".pre-commit-hooks.yaml").as_sequence().unwrap() {
        machine.bash(hook["entry"].as_str().unwrap(), &[].into()).ends(0);
    }
}

/// A token that could end the line of curl's settings, and say more there.
#[test]
fn a_token_that_is_none_is_refused() {
    let (machine, platform) = github();
    for token in ["x\"\nurl = \"http://evil.example", "", "a b\tc", "a\\b"] {
        let environment = [
            ("PLATFORM", "github"),
            ("NUMBER", "5"),
            ("PLAN", "none"),
            ("GITHUB_REPOSITORY", "acme/access"),
            ("TOKEN", token),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let script = format!("'{}/ci/comment.sh'", super::super::repository().display());
        machine.bash(&script, &environment).ends(1);
    }
    assert_eq!(platform.edit(|state| state.asked.len()), 0);
    assert!(TOKEN.contains("TOPSECRET"), "or nothing here looks for it");
}
