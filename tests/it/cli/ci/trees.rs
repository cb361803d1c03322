//! The recipes for several trees: only those that a change touches are planned.

use std::fs;

use rollbook::platform::Kind;
use serde_yaml::Value;

use super::machine::{Event, Machine, Ran, Variables};
use super::pipelines::yaml;

/// A repository with a tree at its top and another one in `apac`, which share the folder `teams`.
fn machine(kind: Kind) -> Machine {
    let machine = Machine::new(kind).applied_from_the_first();
    let root = fs::read_to_string(machine.dev().join("rollbook.yaml")).unwrap();
    machine.write("rollbook.yaml", &root.replace("[groups/*.yaml]", "[groups/*.yaml, teams/*.yaml]"));
    let shares = "[groups/*.yaml, ../teams/*.yaml]\nshare: [../teams]";
    machine.write("apac/rollbook.yaml", &root.replace("[groups/*.yaml]", shares));
    machine.write("apac/groups/own.yaml", "groups: { own: { mode: at-least, members: [] } }\n");
    fs::create_dir(machine.dev().join("teams")).unwrap();
    fs::rename(machine.dev().join("groups/support.yaml"), machine.dev().join("teams/support.yaml")).unwrap();
    machine.commit("Two trees", "ada");
    machine.push("main", "ada");
    machine
}

/// Opens a pull request that changes one file.
fn propose(machine: &Machine, branch: &str, path: &str, text: &str) -> u64 {
    machine.checkout(&["-B", branch, "main"]);
    machine.write(path, text);
    machine.commit("Change", "bruno");
    machine.open_known(branch, "main", "bruno", "bruno")
}

/// A pull request for each case, with the trees that it touches.
fn cases(machine: &Machine) -> Vec<(u64, Vec<&'static str>)> {
    let support = fs::read_to_string(machine.dev().join("teams/support.yaml")).unwrap();
    let developers = fs::read_to_string(machine.dev().join("groups/developers.yaml")).unwrap();
    vec![
        (propose(machine, "one", "README.md", "nothing\n"), vec![]),
        (
            propose(machine, "two", "groups/developers.yaml", &(developers + "      - chen@acme.com\n")),
            vec!["."],
        ),
        (
            propose(machine, "three", "teams/support.yaml", &(support + "      - erik@acme.com\n")),
            vec![".", "apac"],
        ),
    ]
}

fn lines(script: &Value) -> String {
    script.as_sequence().unwrap().iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn github_plans_the_trees_that_a_pull_request_touches() {
    let machine = machine(Kind::GitHub);
    let recipe = yaml("examples/ci/github/trees.yml");
    for (pull, touched) in cases(&machine) {
        let (clone, variables) = machine.start(Event::Pull(pull), None);
        machine.github_job("trees.yml", "trees", &clone, &variables).ends(0);
        let output = fs::read_to_string(&variables["GITHUB_OUTPUT"]).unwrap();
        let changed = output.trim().strip_prefix("changed=").unwrap();
        assert_eq!(serde_yaml::from_str::<Vec<String>>(changed).unwrap(), touched);
        assert_eq!(
            recipe["jobs"]["plan"]["strategy"]["matrix"]["tree"],
            "${{ fromJSON(needs.trees.outputs.changed) }}"
        );
        for tree in &touched {
            let (clone, mut variables) = machine.start(Event::Pull(pull), None);
            variables.insert("MATRIX_TREE".into(), (*tree).into());
            let ran = machine.github_job("trees.yml", "plan", &clone, &variables).ends(0);
            assert!(ran.left("plan.json").is_some());
            assert!(ran.summary.unwrap().contains("1 grant"), "{tree}");
        }
        let planned = |plan: &str| {
            let own = [("TREES", "success"), ("PLAN", plan), ("CHANGED", changed)];
            let variables: Variables = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            let script = recipe["jobs"]["planned"]["steps"][0]["run"].as_str().unwrap();
            machine.bash(script, &clone, &variables).code
        };
        assert_eq!(planned("success"), 0);
        assert_eq!(planned("failure"), 1);
        assert_eq!(planned("skipped"), i32::from(!touched.is_empty()));
    }
}

#[test]
fn gitlab_plans_the_trees_that_a_merge_request_touches() {
    let machine = machine(Kind::GitLab);
    let recipe = yaml("examples/ci/gitlab/trees.gitlab-ci.yml");
    for (pull, touched) in cases(&machine) {
        let (clone, variables) = machine.start(Event::Pull(pull), None);
        machine.bash(&lines(&recipe["trees"]["script"]), &clone, &variables).ends(0);
        let child: Value =
            serde_yaml::from_str(&fs::read_to_string(clone.join("plans.yml")).unwrap()).unwrap();
        if touched.is_empty() {
            machine.bash(&lines(&child["none"]["script"]), &clone, &variables).ends(0);
            assert!(child["plan"].is_null() && machine.hub.comments(pull).is_empty());
            continue;
        }
        let matrix = child["plan"]["parallel"]["matrix"][0]["TREE"].as_sequence().unwrap();
        assert_eq!(matrix.iter().map(|tree| tree.as_str().unwrap()).collect::<Vec<_>>(), touched);
        for tree in &touched {
            let (clone, mut variables) = machine.start(Event::Pull(pull), None);
            variables.insert("CI_PIPELINE_SOURCE".into(), "parent_pipeline".into());
            variables.insert("TREE".into(), (*tree).into());
            let ran: Ran = machine.bash(&lines(&child["plan"]["script"]), &clone, &variables).ends(0);
            assert!(ran.left("plan.json").is_some());
        }
        assert!(machine.hub.comments(pull)[0].contains("1 grant"), "{:?}", machine.hub.comments(pull));
    }
}
