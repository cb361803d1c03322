//! Other clients that do the same job, if they are installed.

use std::env;
use std::fs;
use std::process::Command;

use serde_json::json;

use super::process::{Keys, Run, Sandbox, run};
use super::scene::Scene;

/// A client, and how many requests it has under way.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    JiraJs { pool: usize },
    AtlassianPythonApi,
}

/// The task of a peer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    /// List the members of every group.
    Read,
    /// Add every membership.
    Add,
}

/// All of them.
pub(crate) const PEERS: [Peer; 3] =
    [Peer::JiraJs { pool: 50 }, Peer::JiraJs { pool: 10 }, Peer::AtlassianPythonApi];

impl Peer {
    pub(crate) fn name(self) -> String {
        match self {
            Self::JiraJs { pool } => format!("jira.js, pool of {pool}"),
            Self::AtlassianPythonApi => "atlassian-python-api".to_owned(),
        }
    }

    /// How long it takes in seconds, without the start of its interpreter; `None` if it is not installed.
    pub(crate) fn take(self, task: Task, scene: &Scene, sandbox: &Sandbox) -> Option<f64> {
        let script = |name: &str| format!("{}/benches/program/peers/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut command = match self {
            Self::JiraJs { pool } => {
                let modules = env::var_os("ROLLBOOK_TEST_NODE_MODULES")?;
                let mut command = Command::new("node");
                command.arg(script("jira_js.mjs")).env("NODE_PATH", modules).env("POOL", pool.to_string());
                command
            }
            Self::AtlassianPythonApi => {
                let mut command = Command::new(env::var_os("ROLLBOOK_TEST_PYTHON")?);
                command.arg(script("atlassian_python_api.py"));
                command
            }
        };
        let asked = match task {
            Task::Read => json!({ "groups": scene.group_ids() }),
            Task::Add => json!({ "add": scene.memberships() }),
        };
        let path = scene.scratch().join("peer.json");
        fs::write(&path, asked.to_string()).unwrap();
        command.env("TASK", &path).env("NO_PROXY", "127.0.0.1").envs(sandbox.exports(Keys::Jira));
        let Run { stdout, .. } = run(command);
        let told: Vec<&str> = stdout.split_whitespace().collect();
        let [did, seconds] = told.as_slice() else { panic!("{} says {stdout}", self.name()) };
        assert_eq!(did.parse::<u64>().unwrap(), scene.size.memberships(), "{}", self.name());
        Some(seconds.parse().unwrap())
    }
}
