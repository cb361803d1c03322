//! The action and the recipes for CI systems, executed: every shell step of their files is run by bash, as the system
//! would, against the sandbox and a small stand-in for the system's own API.
//!
//! What only the system itself can do is not executed: its expressions are looked up in a table, and the actions of
//! others are passed over.

mod comments;
mod platform;
mod recipes;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_yaml::Value;
use tempfile::TempDir;

use super::{Site, repository, seed_of};

/// The token for a platform's API. It must show nowhere.
const TOKEN: &str = "ghs_TOPSECRET0q7Zk2vR9";

/// Which commands have the token, as the action says it.
const TALKS: &str = "(inputs.command == 'comment' || inputs.command == 'issue' || inputs.command == 'propose') \
                     && inputs.token || ''";

/// Live has Erik, whom this does not name, and lacks Chen: one grant and one revoke.
const GROUP: &str = "groups:\n  developers:\n    members:\n      - ada@acme.com\n      - bruno@acme.com\n      - chen@acme.com\n";

/// As live is.
const SETTLED: &str = "groups:\n  developers:\n    members:\n      - ada@acme.com\n      - bruno@acme.com\n      - erik@acme.com\n";

/// A repository of a tree with two commits, on a machine that CI runs jobs on.
pub(super) struct Machine {
    home: TempDir,
    environment: BTreeMap<String, String>,
    site: Site,
}

/// How a step ended.
#[derive(Debug)]
pub(super) struct Step {
    code: i32,
    text: String,
}

impl Step {
    #[track_caller]
    fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.text);
        self
    }

    #[track_caller]
    fn says(self, what: &str) -> Self {
        assert!(self.text.contains(what), "{what}\n{}", self.text);
        self
    }
}

impl Machine {
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let site = Site::of(&seed_of("minimal"));
        let machine =
            Self { environment: site.sandbox.exports(site.url()).into_iter().collect(), home, site };
        for folder in ["bin", "tmp", "home"] {
            fs::create_dir(machine.home.path().join(folder)).unwrap();
        }
        // What curl is started with can be seen by everybody on a machine, so that it is written down here.
        let seen = machine.path("argv");
        machine.tool(
            "curl",
            &format!("printf '%s\\n' \"$@\" >>'{}'\nexec /usr/bin/curl \"$@\"\n", seen.display()),
        );
        let binary = env!("CARGO_BIN_EXE_rollbook");
        machine.tool("rollbook", &format!("exec '{binary}' \"$@\"\n"));
        machine.write(
            "rollbook.yaml",
            "version: 1\nsite: https://acme.atlassian.net\ninclude: [groups/*.yaml]\n",
        );
        machine.write("groups/developers.yaml", SETTLED);
        machine.git(&["init", "--quiet"]);
        machine.commit("first");
        machine.write("groups/developers.yaml", GROUP);
        machine.commit("second");
        machine
    }

    fn tool(&self, name: &str, text: &str) {
        let path = self.home.path().join("bin").join(name);
        fs::write(&path, format!("#!/usr/bin/env bash\n{text}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path("work").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn git(&self, arguments: &[&str]) -> String {
        super::base::git(&self.path("work"), arguments)
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "-m", message]);
    }

    fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.into(), value.into());
    }

    /// Runs a script as CI systems do, in the repository.
    fn bash(&self, script: &str, environment: &BTreeMap<String, String>) -> Step {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display());
        let ran = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .env_clear()
            .envs(&self.environment)
            .envs(environment)
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .current_dir(self.path("work"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        for place in [&text, &self.read("argv"), &self.read("summary"), &self.read("output")] {
            assert!(!place.contains("TOPSECRET"), "the token shows:\n{place}");
        }
        let left: Vec<_> = fs::read_dir(self.path("tmp")).unwrap().collect();
        assert!(left.is_empty(), "something is left: {left:?}\n{text}");
        Step { code: ran.status.code().unwrap_or(-1), text }
    }

    /// How often live was written to.
    fn writes(&self) -> usize {
        self.site.sandbox.requests().writes.iter().filter(|write| write.route.contains("/rest/")).count()
    }
}

/// A file of the repository as YAML.
pub(super) fn yaml(path: &str) -> Value {
    let mut value: Value =
        serde_yaml::from_str(&fs::read_to_string(repository().join(path)).unwrap()).unwrap();
    value.apply_merge().unwrap();
    value
}

/// The text of a scalar, as it becomes a variable.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other:?} is no text"),
    }
}

/// The entries of a mapping; none where there is no mapping.
fn entries(value: &Value) -> Vec<(String, Value)> {
    let mapping = value.as_mapping();
    mapping.into_iter().flatten().map(|(name, value)| (text(name), value.clone())).collect()
}

/// GitHub's runner, as far as a test can be one.
pub(super) struct Runner<'a> {
    machine: &'a Machine,
    /// What expressions come to. One that is not here is a mistake of the test.
    expressions: BTreeMap<String, String>,
}

impl<'a> Runner<'a> {
    fn new(machine: &'a Machine) -> Self {
        let temporary = machine.path("runner").display().to_string();
        fs::create_dir_all(&temporary).unwrap();
        let mut expressions = BTreeMap::from([
            ("github.token".to_owned(), TOKEN.to_owned()),
            ("runner.temp".into(), temporary),
            ("github.server_url".into(), "https://github.com".into()),
            ("github.repository".into(), "acme/access".into()),
            ("github.run_id".into(), "17".into()),
            ("vars.ROLLBOOK_AUTHORS".into(), r#"{ "ada": "ada@acme.com" }"#.into()),
        ]);
        for name in ["EMAIL", "API_TOKEN", "ORG_API_KEY", "SCIM_API_KEY"] {
            let name = format!("ROLLBOOK_{name}");
            let value = machine.environment.get(&name).cloned().unwrap_or_default();
            expressions.insert(format!("vars.{name}"), value.clone());
            expressions.insert(format!("secrets.{name}"), value);
        }
        Self { machine, expressions }
    }

    fn knows(mut self, expression: &str, value: &str) -> Self {
        self.expressions.insert(expression.into(), value.into());
        self
    }

    /// A text with its expressions replaced.
    fn resolve(&self, text: &str) -> String {
        let mut parts = text.split("${{");
        let mut resolved = parts.next().unwrap().to_owned();
        for part in parts {
            let (expression, rest) = part.split_once("}}").unwrap();
            let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
            let value = self.expressions.get(&expression);
            resolved += value.unwrap_or_else(|| panic!("the test does not know {expression}"));
            resolved += rest;
        }
        resolved
    }

    /// Runs the steps of a job of a workflow. Every step that follows a failed one and does not ask to run is left out.
    fn job(&self, workflow: &str, job: &str) -> Step {
        let workflow = yaml(&format!("examples/ci/github/{workflow}"));
        let steps = workflow["jobs"][job]["steps"].as_sequence().expect("the job has steps").clone();
        let mut done = Step { code: 0, text: String::new() };
        for step in steps {
            let always =
                step["if"].as_str().is_some_and(|it| it.contains("always()") || it.contains("cancelled()"));
            let uses = step["uses"].as_str().unwrap_or_default();
            assert!(step["run"].is_null(), "this job has steps of its own");
            if !uses.starts_with("OWNER/rollbook@") || (done.code != 0 && !always) {
                continue;
            }
            let resolve = |value: &Value| {
                entries(value).into_iter().map(|(name, value)| (name, self.resolve(&text(&value)))).collect()
            };
            let ran = self.action(&resolve(&step["with"]), &resolve(&step["env"]));
            done.text += &ran.text;
            done.code = if done.code == 0 { ran.code } else { done.code };
        }
        done
    }

    /// Runs the action.
    fn action(&self, with: &BTreeMap<String, String>, environment: &BTreeMap<String, String>) -> Step {
        let action = yaml("action.yml");
        let mut inner = Runner { machine: self.machine, expressions: self.expressions.clone() };
        for (name, input) in entries(&action["inputs"]) {
            let value = with.get(&name).cloned();
            let value = value.unwrap_or_else(|| self.resolve(&text(&input["default"])));
            inner.expressions.insert(format!("inputs.{name}"), value);
        }
        for name in with.keys() {
            assert!(!action["inputs"][name.as_str()].is_null(), "the action has no input {name}");
        }
        let input = |name: &str| inner.expressions[&format!("inputs.{name}")].clone();
        let command = input("command");
        let out = Some(input("out")).filter(|out| !out.is_empty());
        let out = out.unwrap_or_else(|| format!("{}/rollbook-out", inner.expressions["runner.temp"]));
        let token = if ["comment", "issue", "propose"].contains(&command.as_str()) { TOKEN } else { "" };
        inner =
            inner.knows("inputs.out || format('{0}/rollbook-out', runner.temp)", &out).knows(TALKS, token);
        let mut done = Step { code: 0, text: String::new() };
        for step in action["runs"]["steps"].as_sequence().unwrap() {
            let skipped = match step["if"].as_str() {
                None => false,
                Some("inputs.cache == 'true'") => inner.expressions["inputs.cache"] != "true",
                Some("steps.digest.outputs.needed == 'true'") => true,
                Some("inputs.command == 'plan' || inputs.command == 'apply'") => {
                    command != "plan" && command != "apply"
                }
                Some(other) => panic!("the test does not know {other}"),
            };
            if skipped || done.code != 0 || step["run"].is_null() {
                continue;
            }
            let author = Some(inner.expressions["inputs.author"].clone()).filter(|it| !it.is_empty());
            let author = author.unwrap_or_else(|| self.machine.output("author"));
            inner = inner.knows("inputs.author || steps.author.outputs.author", &author);
            let mut variables = environment.clone();
            for (name, value) in entries(&step["env"]) {
                variables.insert(name, inner.resolve(&text(&value)));
            }
            for (name, value) in self.machine.github() {
                variables.insert(name, value);
            }
            let ran = self.machine.bash(step["run"].as_str().unwrap(), &variables);
            done = Step { code: ran.code, text: done.text + &ran.text };
        }
        done
    }
}

impl Machine {
    /// The variables that GitHub's runner sets.
    fn github(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.path(name).display().to_string();
        let variables = [
            ("GITHUB_ACTION_PATH", repository().display().to_string()),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_PATH", path("added")),
            ("GITHUB_STEP_SUMMARY", path("summary")),
            ("GITHUB_REPOSITORY", "acme/access".into()),
            ("GITHUB_SHA", self.git(&["rev-parse", "HEAD"])),
            ("RUNNER_OS", "Linux".into()),
            ("RUNNER_ARCH", "X64".into()),
        ];
        variables.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// What a step set last as this output.
    fn output(&self, name: &str) -> String {
        let text = self.read("output");
        let line = text.lines().rev().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_default().to_owned()
    }

    /// Runs the lines that a recipe of GitLab or Bitbucket has for a job.
    fn script(&self, lines: &[&Value], environment: &[(&str, &str)]) -> Step {
        let lines: Vec<String> =
            lines.iter().flat_map(|lines| lines.as_sequence().unwrap()).map(text).collect();
        let mut variables: BTreeMap<String, String> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        variables.insert("ROLLBOOK_SOURCE".into(), repository().display().to_string());
        self.bash(&lines.join("\n"), &variables)
    }
}

/// Whether a path is there, for what must be left behind.
fn is_there(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|it| it.len() > 0)
}
