//! The recipes' files, run: the lines of a job in the order in which the platform runs them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rollbook::platform::Kind;
use serde_yaml::Value;

use super::TOKEN;
use super::machine::{Event, Machine, Ran, Variables};
use crate::cli::repository;

/// A file of the repository as YAML.
pub(super) fn yaml(path: &str) -> Value {
    let mut value: Value =
        serde_yaml::from_str(&fs::read_to_string(repository().join(path)).unwrap()).unwrap();
    value.apply_merge().unwrap();
    value
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other:?} is not text"),
    }
}

/// The entries of a mapping; none where there is no mapping.
fn entries(value: &Value) -> Vec<(String, Value)> {
    value.as_mapping().into_iter().flatten().map(|(name, value)| (text(name), value.clone())).collect()
}

/// The job of a recipe that an event starts; `outside` says whether it is for a fork, or for what is treated as one.
fn job(kind: Kind, event: Event, outside: bool) -> (&'static str, &'static str) {
    match (kind, event) {
        (Kind::GitHub, Event::Pull(_)) if outside => ("pull-request.yml", "fork"),
        (Kind::GitHub, Event::Pull(_) | Event::Queue(_)) => ("pull-request.yml", "plan"),
        (Kind::GitHub, Event::Push) => ("apply.yml", "apply"),
        (Kind::GitHub, Event::Night) => ("nightly.yml", "nightly"),
        (Kind::GitHub, Event::Planned(_)) => ("pull-request-comment.yml", "comment"),
        (Kind::GitLab, Event::Pull(_)) if outside => ("", "check"),
        (_, Event::Pull(_) | Event::Merged { .. }) => ("", "plan"),
        (_, Event::Push) => ("", "apply"),
        (_, Event::Night) => ("", "nightly"),
        (_, Event::Queue(_) | Event::Planned(_)) => panic!("only GitHub has this"),
    }
}

impl Machine {
    /// Runs what an event starts, and on GitHub the run that follows one that planned.
    pub(super) fn run(&self, event: Event) -> Ran {
        self.run_at(event, None)
    }

    /// The same, in a clone of so many commits.
    pub(super) fn run_at(&self, event: Event, depth: Option<usize>) -> Ran {
        let (clone, variables) = self.start(event, depth);
        let ran = self.run_in(event, &clone, &variables);
        let Event::Pull(number) = event else { return ran };
        if self.kind != Kind::GitHub {
            return ran;
        }
        self.comment_on(number, &ran)
    }

    /// GitHub's run that follows one that planned.
    pub(super) fn comment_on(&self, number: u64, planned: &Ran) -> Ran {
        let folder = self.path("runner/rollbook-plan");
        fs::create_dir_all(&folder).unwrap();
        let _ = fs::remove_file(folder.join("plan.json"));
        if let Some(plan) = planned.left("plan.json") {
            fs::write(folder.join("plan.json"), plan).unwrap();
        }
        let (clone, variables) = self.start(Event::Planned(number), None);
        let commented = self.run_in(Event::Planned(number), &clone, &variables);
        let text = format!("{}{}", planned.text, commented.text);
        let code = if planned.code == 0 { commented.code } else { planned.code };
        Ran { code, text, ..planned.clone() }
    }

    /// Runs the job of an event in a clone that was made before.
    pub(super) fn run_in(&self, event: Event, clone: &Path, variables: &Variables) -> Ran {
        let outside = match event {
            Event::Pull(number) => {
                let pull = self.pull(number);
                pull.fork || (self.kind == Kind::GitHub && pull.by == "dependabot[bot]")
            }
            _ => false,
        };
        let (file, name) = job(self.kind, event, outside);
        match self.kind {
            Kind::GitHub => self.github_job(file, name, clone, variables),
            Kind::GitLab => {
                let recipe = yaml("examples/ci/gitlab/.gitlab-ci.yml");
                let environment = environment(&recipe[name]["environment"]);
                let variables = self.of_environment(environment.as_deref(), variables);
                self.script(&recipe[name]["script"], clone, &variables)
            }
            Kind::Bitbucket => {
                let recipe = yaml("examples/ci/bitbucket/bitbucket-pipelines.yml");
                let steps = match name {
                    "plan" => &recipe["pipelines"]["pull-requests"]["**"],
                    "apply" => &recipe["pipelines"]["branches"]["main"],
                    _ => &recipe["pipelines"]["custom"][name],
                };
                let step = &steps[0]["step"];
                let variables = self.of_environment(step["deployment"].as_str(), variables);
                self.script(&step["script"], clone, &variables)
            }
        }
    }

    fn script(&self, lines: &Value, clone: &Path, variables: &Variables) -> Ran {
        let lines: Vec<String> = lines.as_sequence().expect("a script").iter().map(text).collect();
        self.bash(&self.in_tree(&lines.join("\n")), clone, variables)
    }

    /// A tree in a folder of the repository is named by its administrators in each line, as the page says.
    fn in_tree(&self, script: &str) -> String {
        match self.folder() {
            "" => script.to_owned(),
            folder => script.replace("rollbook ", &format!("rollbook -C {folder} ")),
        }
    }

    /// Leaves a snapshot of live for the runs of forks, as GitHub's schedule does.
    pub(super) fn snapshot(&self) -> Ran {
        let (clone, variables) = self.start(Event::Night, None);
        self.github_job("snapshot.yml", "snapshot", &clone, &variables)
    }

    /// Proposes to remove expired lines, as GitHub's schedule does.
    pub(super) fn cleanup(&self) -> Ran {
        let (clone, variables) = self.start(Event::Night, None);
        self.github_job("cleanup.yml", "cleanup", &clone, &variables)
    }

    /// What an action of others does.
    fn action(&self, step: &Value, clone: &Path, resolve: impl Fn(&str) -> String) {
        let with = |name: &str| step["with"][name].as_str().map(&resolve);
        let uses = step["uses"].as_str().unwrap();
        let artifact = |name: &str| self.path("artifacts").join(name);
        match uses.split('@').next().unwrap() {
            "actions/upload-artifact" => {
                let (name, path) = (with("name").unwrap(), PathBuf::from(with("path").unwrap()));
                if path.is_file() {
                    fs::copy(path, artifact(&name)).unwrap();
                }
            }
            // What has a pattern and not a name, `comment_on` puts there.
            "actions/download-artifact" => {
                if let Some(name) = with("name") {
                    let folder = PathBuf::from(with("path").unwrap());
                    fs::create_dir_all(&folder).unwrap();
                    fs::copy(artifact(&name), folder.join("snapshot.json")).unwrap();
                }
            }
            "peter-evans/create-pull-request" => self.propose_changes(clone, &with("branch").unwrap()),
            "actions/checkout" | "OWNER/rollbook" => {}
            other => panic!("the test does not know {other}"),
        }
    }

    /// The steps of a job of a workflow. Every step that follows a failed one and does not ask to run is left out.
    pub(super) fn github_job(&self, file: &str, name: &str, clone: &Path, variables: &Variables) -> Ran {
        let workflow = yaml(&format!("examples/ci/github/{file}"));
        let job = &workflow["jobs"][name];
        assert_eq!(
            workflow["permissions"],
            Value::Mapping(serde_yaml::Mapping::new()),
            "{file} gives more than its jobs say"
        );
        let mut outputs: BTreeMap<String, String> = BTreeMap::new();
        let environment = environment(&job["environment"]);
        let set = self.of_environment(environment.as_deref(), variables);
        let own = self.of_environment(None, variables);
        let mut done =
            Ran { code: 0, text: String::new(), clone: clone.to_path_buf(), out: None, summary: None };
        for step in job["steps"].as_sequence().expect("the job has steps") {
            let condition = step["if"].as_str().unwrap_or_default();
            let always = condition.contains("always()") || condition.contains("cancelled()");
            if done.code != 0 && !always {
                continue;
            }
            if step["run"].is_null() {
                self.action(step, clone, |text| resolved(text, &set, &outputs));
                continue;
            }
            // A step has what its lines pass on, and nothing else.
            let mut all = own.clone();
            for (name, value) in entries(&step["env"]) {
                all.insert(name, resolved(&text(&value), &set, &outputs));
            }
            let ran = self.bash(&self.in_tree(step["run"].as_str().unwrap()), clone, &all);
            done.text += &ran.text;
            done.code = if done.code == 0 { ran.code } else { done.code };
            done.out = done.out.or(ran.out);
            let file = PathBuf::from(&variables["GITHUB_OUTPUT"]);
            for line in fs::read_to_string(file).unwrap_or_default().lines() {
                let (name, value) = line.split_once('=').unwrap();
                outputs.insert(name.to_owned(), value.to_owned());
            }
        }
        done.summary = fs::read_to_string(&variables["GITHUB_STEP_SUMMARY"]).ok();
        if let Some(out) = &done.out {
            assert_eq!(outputs.get("out"), Some(&out.display().to_string()), "the upload finds the folder");
        }
        done
    }
}

/// The environment of a job, which GitLab may write as a mapping.
fn environment(value: &Value) -> Option<String> {
    value.as_str().or(value["name"].as_str()).map(str::to_owned)
}

/// A text with its expressions replaced.
fn resolved(text: &str, variables: &Variables, outputs: &BTreeMap<String, String>) -> String {
    let mut parts = text.split("${{");
    let mut resolved = parts.next().unwrap().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once("}}").unwrap();
        let expression = expression.trim();
        let value = match expression.split_once('.') {
            _ if expression == "github.token" => TOKEN.to_owned(),
            _ if expression == "runner.temp" => variables["RUNNER_TEMP"].clone(),
            Some(("github", "event.workflow_run.id")) => "1".to_owned(),
            Some(("github", "event.repository.default_branch")) => "main".to_owned(),
            // Of a merge queue's group, which a pull request has none of.
            Some(("github", "event.merge_group.base_sha || 'HEAD^1'")) => "HEAD^1".to_owned(),
            Some(("matrix", "tree")) => variables["MATRIX_TREE"].clone(),
            Some(("vars" | "secrets", name)) => variables.get(name).cloned().unwrap_or_default(),
            Some(("steps", path)) => {
                outputs.get(path.rsplit('.').next().unwrap()).cloned().unwrap_or_default()
            }
            _ => panic!("the test does not know {expression}"),
        };
        resolved += &value;
        resolved += rest;
    }
    resolved
}
