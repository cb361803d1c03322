//! Processes: a serving sandbox, and measured programs.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use wait4::Wait4 as _;

/// The program under test.
pub(crate) fn rollbook() -> Command {
    Command::new(env!("CARGO_BIN_EXE_rollbook"))
}

/// The cost of a run.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// From the start of the process to its end.
    pub(crate) wall: f64,
    /// The CPU time of the process itself, in seconds.
    pub(crate) cpu: f64,
    /// The most memory that it held, in megabytes.
    pub(crate) peak: f64,
    pub(crate) stdout: String,
}

/// Runs a program to its end.
///
/// # Panics
/// When it fails, with its output.
pub(crate) fn run(mut command: Command) -> Run {
    let start = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = child.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).unwrap();
        text
    });
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    let ended = child.wait4().unwrap();
    let wall = start.elapsed().as_secs_f64();
    let errors = errors.join().unwrap();
    assert!(ended.status.success(), "{command:?} ends with {}\n{stdout}\n{errors}", ended.status);
    let cpu = (ended.rusage.utime + ended.rusage.stime).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "there is not that much memory")]
    let peak = ended.rusage.maxrss as f64 / 1e6;
    Run { wall, cpu, peak, stdout }
}

/// A sandbox in a separate process.
pub(crate) struct Sandbox {
    child: Child,
    url: String,
    exports: BTreeMap<String, String>,
}

/// The requests to a sandbox, according to `/_sandbox/requests`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    counts: BTreeMap<String, BTreeMap<u16, u64>>,
    writes: Vec<Write>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Write {
    at_ms: u64,
    route: String,
    done: bool,
}

/// Which credentials a client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    Jira,
    Organization,
}

impl Sandbox {
    pub(crate) fn serve(seed: &Path, latency: Duration, limits: &str) -> Self {
        let mut command = rollbook();
        command.args([
            "sandbox",
            "--limits",
            limits,
            "--latency",
            &latency.as_millis().to_string(),
            "--seed",
        ]);
        let mut child = command.arg(seed).stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        let mut exports = BTreeMap::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(address) = line.strip_prefix("listening on ") {
                address.clone_into(&mut url);
            } else if let Some((name, value)) =
                line.strip_prefix("export ").and_then(|line| line.split_once('='))
            {
                exports.insert(name.to_owned(), value.trim_matches('\'').to_owned());
            }
            // The last line.
            if line.contains("SCIM") || line.contains("ORG_API_KEY") {
                break;
            }
        }
        Self { child, url, exports }
    }

    /// The variables that make a client use it, with some of the keys.
    pub(crate) fn exports(&self, keys: Keys) -> BTreeMap<String, String> {
        let ours = |name: &str| match keys {
            Keys::Jira => matches!(name, "ROLLBOOK_EMAIL" | "ROLLBOOK_API_TOKEN"),
            Keys::Organization => name == "ROLLBOOK_ORG_API_KEY",
        };
        let exports =
            self.exports.iter().filter(|(name, _)| name.starts_with("ROLLBOOK_ENDPOINT") || ours(name));
        exports.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Asked {
        let url = format!("{}/_sandbox/requests", self.url);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async {
            rollbook::atlassian::use_cryptography();
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            client.get(url).send().await.unwrap().bytes().await.unwrap()
        });
        serde_json::from_slice(&answer).unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Asked {
    /// How many requests there were.
    pub(crate) fn total(&self) -> u64 {
        self.counts.values().flat_map(BTreeMap::values).sum()
    }

    /// How many requests a route had, such as `GET /rest/api/3/group/member`.
    pub(crate) fn of(&self, route: &str) -> u64 {
        self.counts.get(route).map_or(0, |by_status| by_status.values().sum())
    }

    /// How many requests a limit refused.
    pub(crate) fn turned_away(&self) -> u64 {
        self.counts.values().filter_map(|by_status| by_status.get(&429)).sum()
    }

    /// How many writes of a route were done.
    pub(crate) fn done(&self, route: &str) -> u64 {
        self.writes.iter().filter(|write| write.done && write.route == route).count() as u64
    }

    /// From the first write of a route to the last, in seconds.
    pub(crate) fn span(&self, route: &str) -> f64 {
        let at = || self.writes.iter().filter(|write| write.route == route).map(|write| write.at_ms);
        let (first, last) = (at().min().unwrap_or(0), at().max().unwrap_or(0));
        #[expect(clippy::cast_precision_loss, reason = "it does not last that long")]
        let milliseconds = (last - first) as f64;
        milliseconds / 1000.0
    }
}
