//! A repository with people who work in it, on a platform that runs its jobs.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use rollbook::platform::Kind;
use serde_json::json;
use tempfile::TempDir;

use super::TOKEN;
use super::hub::{Hub, Pull, Run};
use crate::cli::base::git;
use crate::cli::{Files, Site, files_below, seed_of, write_below};

pub(super) const KINDS: [Kind; 3] = [Kind::GitHub, Kind::GitLab, Kind::Bitbucket];

/// Does something for each platform, at the same time: much of it is waiting.
pub(super) fn each_kind(work: impl Fn(Kind) + Sync) {
    std::thread::scope(|scope| {
        let work = &work;
        for kind in KINDS {
            scope.spawn(move || work(kind));
        }
    });
}

/// As the site is: with this nothing is to be done.
pub(super) const SETTLED: [&str; 3] = ["ada", "bruno", "erik"];

pub(super) type Variables = BTreeMap<String, String>;

/// What starts a job.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// A pull request, as it is.
    Pull(u64),
    /// The branch's newest commit.
    Push,
    /// A group of GitHub's merge queue that is based on the branch, with this pull request as its last.
    Queue(u64),
    /// GitLab's merged results: a pull request merged into its target, in a train into the merge of the one ahead.
    Merged {
        number: u64,
        ahead: Option<u64>,
    },
    Night,
    /// The run that planned this pull request has ended.
    Planned(u64),
}

/// How a pull request becomes part of its target.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    Merge,
    Squash(&'static str),
}

pub(super) struct Machine {
    pub(super) kind: Kind,
    pub(super) hub: Hub,
    pub(super) site: Site,
    home: TempDir,
    /// The folder of the tree in the repository.
    tree: &'static str,
    jobs: Cell<usize>,
    /// What the platform's administrators have set, besides the credentials.
    settings: Variables,
    /// What they have set otherwise for an environment.
    environments: BTreeMap<String, Variables>,
}

/// How a job or a command ended.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) text: String,
    pub(super) clone: PathBuf,
    /// The folder that the run wrote into.
    pub(super) out: Option<PathBuf>,
    /// What GitHub shows on the page of the run.
    pub(super) summary: Option<String>,
}

impl Ran {
    #[track_caller]
    pub(super) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.text);
        self
    }

    #[track_caller]
    pub(super) fn says(self, what: &str) -> Self {
        assert!(self.text.contains(what), "`{what}` is missing from\n{}", self.text);
        self
    }

    /// A file that the run left behind.
    pub(super) fn left(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.out.as_ref()?.join(name)).ok()
    }
}

impl Machine {
    pub(super) fn new(kind: Kind) -> Self {
        Self::with(kind, "", "main")
    }

    pub(super) fn with(kind: Kind, tree: &'static str, default_branch: &'static str) -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["bin", "tmp", "home", "jobs", "runner", "artifacts"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        // `.ci/run` sets it to the program of a package.
        let program = std::env::var_os("ROLLBOOK_TEST_PROGRAM");
        let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_rollbook").into());
        symlink(program, home.path().join("bin/rollbook")).unwrap();
        // GitHub's own client, as far as a recipe asks it: whether there is a run that left a snapshot.
        let gh = home.path().join("bin/gh");
        let snapshot = home.path().join("artifacts/rollbook-snapshot");
        fs::write(&gh, format!("#!/bin/sh\n[ ! -e '{}' ] || echo 1\n", snapshot.display())).unwrap();
        fs::set_permissions(&gh, fs::Permissions::from_mode(0o755)).unwrap();
        let origin = home.path().join("origin.git");
        let hub = Hub::new(kind, origin);
        hub.edit(|state| default_branch.clone_into(&mut state.default_branch));
        let key =
            |name: &str| if kind == Kind::Bitbucket { format!("712020:{name}") } else { name.to_owned() };
        let authors: BTreeMap<String, String> =
            ["ada", "bruno", "chen", "erik"].map(|name| (key(name), format!("{name}@acme.com"))).into();
        let settings = [("ROLLBOOK_AUTHORS".to_owned(), json!(authors).to_string())].into();
        // Ada may look, and is not an administrator.
        let seed = seed_of("minimal") + "  - basic: { account: ada@acme.com, token: looks-only }\n";
        let site = Site::of(&seed);
        let environments = BTreeMap::new();
        let machine = Self { kind, hub, site, home, tree, jobs: Cell::new(0), settings, environments };
        let first = machine.begin(default_branch);
        machine.hub.edit(|state| state.moved(default_branch, Some(&first), "ada", false));
        machine
    }

    /// Lays down the repositories `dev` and `origin.git` with a first commit, and gives that. They are made once for
    /// each tree.
    fn begin(&self, default_branch: &'static str) -> String {
        /// The first commit, and what lies where, by tree and branch.
        type Made = BTreeMap<(&'static str, &'static str), (String, Files)>;
        static MADE: Mutex<Made> = Mutex::new(BTreeMap::new());
        let mut made = MADE.lock().unwrap();
        if let Some((first, files)) = made.get(&(self.tree, default_branch)) {
            write_below(self.home.path(), files);
            return first.clone();
        }
        let init = ["init", "--quiet", "--template=", "-b", default_branch];
        git(self.home.path(), &[&init[..], &["--bare", "origin.git"]].concat());
        git(self.home.path(), &[&init[..], &["dev"]].concat());
        git(&self.dev(), &["remote", "add", "origin", "../origin.git"]);
        // What is committed is there at once, so that a push only moves a branch.
        let alternates = self.path("origin.git/objects/info/alternates");
        fs::write(alternates, "../../dev/.git/objects\n").unwrap();
        self.write(
            "rollbook.yaml",
            "version: 1\nsite: https://acme.atlassian.net\ninclude: [groups/*.yaml]\npolicy:\n  admins: [ada@acme.com]\n  \
             privileged: [support]\n  self-grant: refuse\n",
        );
        self.members("developers", &SETTLED);
        self.members("support", &["chen"]);
        self.commit("first", "ada");
        let first = self.head();
        self.move_branch(default_branch, &first);
        let mut files = files_below(self.home.path());
        files.retain(|(path, _)| path.starts_with("dev/") || path.starts_with("origin.git/"));
        made.insert((self.tree, default_branch), (first.clone(), files));
        first
    }

    pub(super) fn dev(&self) -> PathBuf {
        self.home.path().join("dev")
    }

    /// The folder of the tree in the repository.
    pub(super) fn folder(&self) -> &str {
        self.tree
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(super) fn default_branch(&self) -> String {
        self.hub.edit(|state| state.default_branch.clone())
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.into(), value.into());
    }

    /// Sets something for one environment alone.
    pub(super) fn set_in(&mut self, environment: &str, name: &str, value: &str) {
        self.environments.entry(environment.into()).or_default().insert(name.into(), value.into());
    }

    /// The variables of a job in an environment; in none it has those of the platform itself alone.
    pub(super) fn of_environment(&self, environment: Option<&str>, variables: &Variables) -> Variables {
        let mut all = variables.clone();
        match environment {
            Some(name) => all.extend(self.environments.get(name).cloned().unwrap_or_default()),
            None => all.retain(|name, _| !is_set_by_people(name)),
        }
        all
    }

    /// Says that the site matches the default branch's first commit.
    pub(super) fn applied_from_the_first(mut self) -> Self {
        let first = self.hub.edit(|state| state.pushes[0].after.clone().unwrap());
        self.set("ROLLBOOK_APPLIED_FROM", &first);
        self
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.dev().join(self.tree).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Declares who is in a group.
    pub(super) fn members(&self, group: &str, names: &[&str]) {
        let lines: String = names.iter().map(|name| format!("      - {name}@acme.com\n")).collect();
        self.write(&format!("groups/{group}.yaml"), &format!("groups:\n  {group}:\n    members:\n{lines}"));
    }

    /// Commits what is in the folder, as somebody.
    pub(super) fn commit(&self, message: &str, by: &str) {
        let dev = self.dev();
        git(&dev, &["add", "--all"]);
        let (name, email) = (format!("user.name={by}"), format!("user.email={by}@acme.com"));
        git(&dev, &["-c", &name, "-c", &email, "commit", "--quiet", "--allow-empty", "-m", message]);
    }

    /// The commit that is checked out.
    pub(super) fn head(&self) -> String {
        git(&self.dev(), &["rev-parse", "HEAD"])
    }

    pub(super) fn checkout(&self, arguments: &[&str]) {
        let mut all = vec!["checkout", "--quiet"];
        all.extend(arguments);
        git(&self.dev(), &all);
    }

    /// Pushes what is checked out to a branch, by force, as the account of somebody.
    pub(super) fn push(&self, branch: &str, by: &str) -> String {
        let after = self.head();
        self.move_branch(branch, &after);
        self.hub.edit(|state| {
            state.moved(branch, Some(&after), by, false);
            for pull in state.pulls.iter_mut().filter(|pull| pull.open && pull.branch == branch) {
                pull.head.clone_from(&after);
            }
        });
        after
    }

    fn move_branch(&self, branch: &str, to: &str) {
        git(&self.path("origin.git"), &["update-ref", &format!("refs/heads/{branch}"), to]);
    }

    /// Changes a group on a branch of its own, and opens a pull request of that.
    pub(super) fn propose(&self, branch: &str, group: &str, names: &[&str], by: &str) -> u64 {
        self.checkout(&["-B", branch, &self.default_branch()]);
        self.members(group, names);
        self.commit(&format!("Change {group}"), by);
        self.open_known(branch, &self.default_branch(), by, by)
    }

    /// Pushes a branch with one commit as the account of somebody, and opens a pull request of it. Bitbucket lists pushes from
    /// then on, so the commit is rewritten there.
    pub(super) fn open_known(&self, branch: &str, target: &str, by: &str, pusher: &str) -> u64 {
        self.push(branch, pusher);
        let pull = self.open(branch, target, by);
        if self.kind == Kind::Bitbucket {
            self.rewrite("Change", by);
            self.push(branch, pusher);
        }
        pull
    }

    /// Merges a branch into the default one in a clone, and pushes that.
    pub(super) fn merge_and_push(&self, branch: &str, by: &str) {
        let main = self.default_branch();
        self.checkout(&[&main]);
        self.merge_locally(branch, by);
        self.push(&main, by);
    }

    pub(super) fn merge_locally(&self, branch: &str, by: &str) {
        let (name, email) = (format!("user.name={by}"), format!("user.email={by}@acme.com"));
        git(&self.dev(), &["-c", &name, "-c", &email, "merge", "--quiet", "--no-ff", "-m", "Merge", branch]);
    }

    /// Rewrites the newest commit, as somebody.
    pub(super) fn rewrite(&self, message: &str, by: &str) {
        git(&self.dev(), &["reset", "--quiet", "--soft", "HEAD^"]);
        self.commit(&format!("{message}, again"), by);
    }

    pub(super) fn open(&self, branch: &str, target: &str, by: &str) -> u64 {
        let dev = self.dev();
        let found = git(&dev, &["rev-parse", branch, &format!("{target}...{branch}")]);
        let (head, base): (String, String) =
            (found.lines().next().unwrap().into(), found.lines().last().unwrap()[1..].into());
        self.hub.edit(|state| {
            let number = state.number();
            let opened = (String::clone(&head), state.pushes.len());
            state.pulls.push(Pull {
                number,
                by: by.into(),
                branch: branch.into(),
                target: target.into(),
                head,
                base,
                open: true,
                merged: None,
                fork: false,
                title: format!("Merge {branch}"),
                gone: false,
                opened,
            });
            number
        })
    }

    pub(super) fn pull(&self, number: u64) -> Pull {
        self.hub.edit(|state| state.pulls.iter().find(|pull| pull.number == number).unwrap().clone())
    }

    /// Lets the event of a merge queue say that its group is based on another one.
    pub(super) fn stand_on(&self, variables: &Variables, number: u64, base: &str) {
        let target = self.default_branch();
        let group = json!({
            "head_ref": format!("refs/heads/gh-readonly-queue/{target}/pr-{number}-{base}"),
            "base_ref": format!("refs/heads/{target}"), "base_sha": base,
        });
        let repository = json!({ "full_name": "acme/access", "default_branch": target });
        let payload = json!({ "repository": repository, "merge_group": group });
        fs::write(&variables["GITHUB_EVENT_PATH"], payload.to_string()).unwrap();
    }

    /// Deletes a branch, as the platform does once its pull request is merged.
    pub(super) fn delete_branch(&self, branch: &str) {
        git(&self.path("origin.git"), &["update-ref", "-d", &format!("refs/heads/{branch}")]);
        self.hub.edit(|state| {
            state.moved(branch, None, "ada", false);
            for pull in state.pulls.iter_mut().filter(|pull| pull.branch == branch) {
                pull.gone = true;
            }
        });
    }

    /// Merges a pull request as the platform does on its pages, and gives the commit.
    pub(super) fn merge(&self, number: u64, how: How) -> String {
        let Pull { head, target, .. } = self.pull(number);
        let dev = self.dev();
        self.checkout(&[&target]);
        let web = match self.kind {
            Kind::GitHub => ["-c", "user.name=GitHub", "-c", "user.email=noreply@github.com"],
            Kind::GitLab | Kind::Bitbucket => ["-c", "user.name=Ada", "-c", "user.email=ada@acme.com"],
        };
        let run = |arguments: &[&str]| {
            let mut all = web.to_vec();
            all.extend(arguments);
            git(&dev, &all);
        };
        match how {
            How::Merge => run(&["merge", "--quiet", "--no-ff", "-m", "Merge", &head]),
            How::Squash(message) => {
                run(&["merge", "--quiet", "--squash", &head]);
                run(&["commit", "--quiet", "-m", message, "--author", "Ada <ada@acme.com>"]);
            }
        }
        let commit = self.head();
        self.move_branch(&target, &commit);
        self.hub.edit(|state| {
            let pull = state.pulls.iter_mut().find(|pull| pull.number == number).unwrap();
            (pull.open, pull.merged) = (false, Some(commit.clone()));
            state.moved(&target, Some(&commit), "ada", true);
            for outer in state.pulls.iter_mut().filter(|outer| outer.open && outer.branch == target) {
                outer.head.clone_from(&commit);
            }
        });
        commit
    }

    /// Makes the clone of a job as the platform does, and says which variables describe it.
    pub(super) fn start(&self, event: Event, depth: Option<usize>) -> (PathBuf, Variables) {
        let number = self.jobs.get() + 1;
        self.jobs.set(number);
        let clone = self.path(&format!("jobs/{number}"));
        let origin = format!("file://{}", self.path("origin.git").display());
        let target = self.default_branch();
        let mut arguments = vec!["clone", "--quiet"];
        let depth = depth.map(|depth| format!("--depth={depth}"));
        arguments.extend(depth.as_deref());
        let branch = match event {
            Event::Pull(number) if self.kind == Kind::Bitbucket => self.pull(number).branch,
            Event::Pull(_)
            | Event::Push
            | Event::Queue(_)
            | Event::Merged { .. }
            | Event::Night
            | Event::Planned(_) => target.clone(),
        };
        if self.kind == Kind::Bitbucket {
            arguments.push("--single-branch");
        }
        let at = clone.display().to_string();
        arguments.extend(["--branch", &branch, &origin, &at]);
        git(self.home.path(), &arguments);
        if let Event::Pull(number) | Event::Queue(number) | Event::Merged { number, .. } = event {
            let Pull { head, target, .. } = self.pull(number);
            self.check_out(&clone, &head, &target, event);
        }
        let variables = self.variables(event, &clone);
        (clone, variables)
    }

    /// GitHub merges the head into the target, Bitbucket the target into the branch, GitLab takes the branch as it is.
    fn check_out(&self, clone: &Path, head: &str, target: &str, event: Event) {
        let merge = ["merge", "--quiet", "--no-edit"];
        match (self.kind, event) {
            (Kind::GitLab, Event::Merged { ahead, .. }) => {
                git(clone, &["checkout", "--quiet", "--detach", &format!("origin/{target}")]);
                let ahead = ahead.map(|ahead| self.pull(ahead).head);
                for head in ahead.iter().map(String::as_str).chain([head]) {
                    git(clone, &[merge[0], merge[1], merge[2], "--no-ff", head]);
                }
            }
            (Kind::GitLab, _) => {
                git(clone, &["checkout", "--quiet", "--detach", head]);
            }
            (Kind::GitHub, _) => {
                git(clone, &["fetch", "--quiet", "origin", head, target]);
                git(clone, &["checkout", "--quiet", "--detach", &format!("origin/{target}")]);
                git(clone, &[merge[0], merge[1], merge[2], "--no-ff", head]);
            }
            (Kind::Bitbucket, _) => {
                git(clone, &["fetch", "--quiet", "origin", &format!("refs/heads/{target}")]);
                git(clone, &[merge[0], merge[1], merge[2], "FETCH_HEAD"]);
            }
        }
    }

    fn variables(&self, event: Event, clone: &Path) -> Variables {
        let mut all: Variables = self.site.sandbox.exports(self.site.url()).into_iter().collect();
        all.extend(self.settings.clone());
        let head = git(clone, &["rev-parse", "HEAD"]);
        let target = self.default_branch();
        let set: Vec<(&str, String)> = match self.kind {
            Kind::GitHub => self.github(event, &head, &target),
            Kind::GitLab => self.gitlab(event, clone, &head, &target),
            Kind::Bitbucket => self.bitbucket(event, clone, &head, &target),
        };
        all.extend(set.into_iter().map(|(name, value)| (name.to_owned(), value)));
        all
    }

    fn github(&self, event: Event, head: &str, target: &str) -> Vec<(&'static str, String)> {
        let repository = json!({ "full_name": "acme/access", "default_branch": target });
        let (name, reference, payload) = match event {
            Event::Pull(number) => {
                let pull = self.pull(number);
                let from = if pull.fork { format!("{}/access", pull.by) } else { "acme/access".into() };
                let payload = json!({
                    "repository": repository,
                    "pull_request": {
                        "number": number, "state": "open", "user": { "login": pull.by },
                        "head": { "sha": pull.head, "ref": pull.branch, "repo": { "full_name": from } },
                        "base": { "sha": pull.base, "ref": pull.target, "repo": { "full_name": "acme/access" } },
                        "merged_at": null,
                    },
                });
                ("pull_request", format!("refs/pull/{number}/merge"), payload)
            }
            Event::Push => ("push", format!("refs/heads/{target}"), json!({ "repository": repository })),
            Event::Night => ("schedule", format!("refs/heads/{target}"), json!({ "schedule": "7 0 * * *" })),
            Event::Queue(number) => {
                let base = git(&self.path("origin.git"), &["rev-parse", target]);
                let reference = format!("refs/heads/gh-readonly-queue/{target}/pr-{number}-{base}");
                let group = json!({
                    "head_ref": reference, "base_ref": format!("refs/heads/{target}"), "base_sha": base, "head_sha": head,
                });
                ("merge_group", reference, json!({ "repository": repository, "merge_group": group }))
            }
            Event::Merged { .. } => panic!("GitHub has no such event"),
            Event::Planned(number) => {
                let pull = self.pull(number);
                let owner = if pull.fork { &pull.by } else { "acme" };
                let run = json!({
                    "head_sha": pull.head, "head_branch": pull.branch, "html_url": "https://github.com/acme/access/actions/runs/1",
                    "head_repository": { "full_name": format!("{owner}/access") }, "actor": { "login": pull.by },
                });
                (
                    "workflow_run",
                    format!("refs/heads/{target}"),
                    json!({ "repository": repository, "workflow_run": run }),
                )
            }
        };
        let file = self.path(&format!("runner/event-{}", self.jobs.get()));
        fs::write(&file, payload.to_string()).unwrap();
        let step =
            |what: &str| self.path(&format!("runner/{what}-{}", self.jobs.get())).display().to_string();
        vec![
            ("GITHUB_ACTIONS", "true".into()),
            ("GITHUB_API_URL", self.hub.url().to_owned()),
            ("GITHUB_SERVER_URL", "https://github.com".into()),
            ("GITHUB_REPOSITORY", "acme/access".into()),
            ("GITHUB_EVENT_NAME", name.into()),
            ("GITHUB_EVENT_PATH", file.display().to_string()),
            ("GITHUB_REF", reference),
            ("GITHUB_SHA", head.to_owned()),
            ("GITHUB_RUN_ID", "17".into()),
            ("GITHUB_ACTOR", "ada".into()),
            ("GITHUB_OUTPUT", step("output")),
            ("GITHUB_STEP_SUMMARY", step("summary")),
            ("RUNNER_TEMP", self.path("runner").display().to_string()),
        ]
    }

    fn gitlab(&self, event: Event, clone: &Path, head: &str, target: &str) -> Vec<(&'static str, String)> {
        let mut set = vec![
            ("GITLAB_CI", "true".to_owned()),
            ("CI_API_V4_URL", self.hub.url().to_owned()),
            ("CI_PROJECT_ID", "17".into()),
            ("CI_COMMIT_SHA", head.to_owned()),
            ("CI_DEFAULT_BRANCH", target.to_owned()),
            ("CI_JOB_URL", "https://gitlab.example/acme/access/-/jobs/1".into()),
            ("CI_PROJECT_DIR", clone.display().to_string()),
            ("ROLLBOOK_CI_TOKEN", TOKEN.into()),
        ];
        match event {
            Event::Pull(number) | Event::Merged { number, .. } => {
                let pull = self.pull(number);
                let (kind, head) = match event {
                    Event::Merged { ahead: Some(_), .. } => ("merge_train", pull.head.clone()),
                    Event::Merged { .. } => ("merged_result", pull.head.clone()),
                    _ => ("detached", String::new()),
                };
                set.extend([
                    ("CI_PIPELINE_SOURCE", "merge_request_event".into()),
                    ("CI_MERGE_REQUEST_IID", number.to_string()),
                    ("CI_MERGE_REQUEST_EVENT_TYPE", kind.into()),
                    ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", head),
                    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", pull.target.clone()),
                    ("CI_MERGE_REQUEST_DIFF_BASE_SHA", pull.base),
                    ("CI_MERGE_REQUEST_PROJECT_ID", "17".into()),
                    ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", if pull.fork { "18".into() } else { "17".into() }),
                ]);
            }
            Event::Push => {
                set.extend([("CI_PIPELINE_SOURCE", "push".into()), ("CI_COMMIT_BRANCH", target.into())]);
            }
            Event::Night => {
                set.extend([("CI_PIPELINE_SOURCE", "schedule".into()), ("CI_COMMIT_BRANCH", target.into())]);
            }
            Event::Queue(_) | Event::Planned(_) => panic!("GitLab has no such event"),
        }
        set
    }

    fn bitbucket(&self, event: Event, clone: &Path, head: &str, target: &str) -> Vec<(&'static str, String)> {
        let mut set = vec![
            ("BITBUCKET_BUILD_NUMBER", "3".to_owned()),
            ("BITBUCKET_REPO_FULL_NAME", "acme/access".into()),
            ("BITBUCKET_CLONE_DIR", clone.display().to_string()),
            ("ROLLBOOK_BITBUCKET_API", self.hub.url().to_owned()),
            ("ROLLBOOK_CI_TOKEN", TOKEN.into()),
        ];
        match event {
            Event::Pull(number) => {
                let pull = self.pull(number);
                let tip = git(&self.path("origin.git"), &["rev-parse", &pull.target]);
                set.extend([
                    ("BITBUCKET_PR_ID", number.to_string()),
                    ("BITBUCKET_BRANCH", pull.branch),
                    ("BITBUCKET_COMMIT", pull.head[..12].to_owned()),
                    ("BITBUCKET_PR_DESTINATION_BRANCH", pull.target),
                    ("BITBUCKET_PR_DESTINATION_COMMIT", tip[..12].to_owned()),
                ]);
            }
            Event::Push | Event::Night => {
                set.extend([("BITBUCKET_BRANCH", target.into()), ("BITBUCKET_COMMIT", head.into())]);
            }
            Event::Queue(_) | Event::Merged { .. } | Event::Planned(_) => {
                panic!("Bitbucket has no such event")
            }
        }
        set
    }

    /// Runs a script as CI systems do.
    pub(super) fn bash(&self, script: &str, clone: &Path, variables: &Variables) -> Ran {
        let before = outs(&[clone, &self.path("runner")]);
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display());
        let ran = Command::new("/bin/bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .env_clear()
            .envs(variables)
            .env("PATH", variables.get("PATH").unwrap_or(&path))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .current_dir(clone)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(!text.contains("TOPSECRET"), "the token shows:\n{text}");
        let left: Vec<_> = fs::read_dir(self.path("tmp")).unwrap().collect();
        assert!(left.is_empty(), "something is left: {left:?}\n{text}");
        let out = outs(&[clone, &self.path("runner")]).into_iter().find(|folder| !before.contains(folder));
        Ran { code: ran.status.code().unwrap_or(-1), text, clone: clone.to_path_buf(), out, summary: None }
    }

    /// Opens a pull request of what changed in a clone, or pushes to the one that is open, as a workflow's token does.
    pub(super) fn propose_changes(&self, clone: &Path, branch: &str) {
        if git(clone, &["status", "--porcelain"]).is_empty() {
            return;
        }
        let bot = "github-actions[bot]";
        let email = format!("user.email={bot}@users.noreply.github.com");
        git(clone, &["checkout", "--quiet", "-B", branch]);
        git(clone, &["-c", &format!("user.name={bot}"), "-c", &email, "commit", "--quiet", "-am", "Cleanup"]);
        git(clone, &["push", "--quiet", "--force", "origin", branch]);
        git(&self.dev(), &["fetch", "--quiet", "origin"]);
        self.checkout(&["-B", branch, &format!("origin/{branch}")]);
        self.push(branch, bot);
        let open = self.hub.edit(|state| state.pulls.iter().any(|pull| pull.open && pull.branch == branch));
        if !open {
            self.open(branch, &self.default_branch(), bot);
        }
    }

    /// Records what a job that applies came to, as the platform does.
    pub(super) fn record(&self, ran: &Ran, source: &'static str) {
        let commit = git(&ran.clone, &["rev-parse", "HEAD"]);
        let branch = self.default_branch();
        self.hub.edit(|state| state.runs.push(Run { commit, branch, source, success: ran.code == 0 }));
    }

    /// Who is in a group on the site, without their domain.
    pub(super) fn live(&self, group: &str) -> Vec<String> {
        let state = self.site.sandbox.state();
        let group = state.groups.values().find(|it| it.name.as_str() == group).unwrap();
        let emails = group.members.iter().filter_map(|id| state.accounts[id].email.clone());
        let mut names: Vec<String> =
            emails.map(|email| email.split('@').next().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}

/// Whether a variable is set by people, and not by the platform or by where the sandbox is.
fn is_set_by_people(name: &str) -> bool {
    let platforms = ["ROLLBOOK_ENDPOINT_", "ROLLBOOK_BITBUCKET_API"];
    name.starts_with("ROLLBOOK_") && !platforms.iter().any(|it| name.starts_with(it))
}

/// The folders that runs wrote into.
fn outs(parents: &[&Path]) -> Vec<PathBuf> {
    let entries = parents.iter().flat_map(|parent| fs::read_dir(parent).unwrap());
    let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("rollbook-out-");
    entries.map(|entry| entry.unwrap().path()).filter(named).collect()
}
