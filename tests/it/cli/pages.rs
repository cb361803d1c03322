//! Every command block of the pages is run as it stands, in order, against the sandbox.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Site, company, files_of, repository, rollbook};

/// The commands that a page shows: the lines after `$ ` of its console blocks, with those that go on below a `\`.
fn commands(page: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut inside = false;
    let mut goes_on = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
            continue;
        }
        if !inside {
            continue;
        }
        match line.strip_prefix("$ ") {
            Some(command) => commands.push(command.to_owned()),
            None if goes_on => commands.last_mut().expect("one goes on").push_str(&format!("\n{line}")),
            None => {}
        }
        goes_on = line.ends_with('\\');
    }
    commands
}

/// What a page is run with.
#[derive(Default)]
struct Setting<'a> {
    files: Vec<(&'a str, &'a str)>,
    /// Commands before the first.
    before: &'a str,
    /// What stands for something else on this machine, or has to be told in a test.
    instead: &'a [(&'a str, &'a str)],
    /// The starts of commands that other tests run.
    elsewhere: &'a [&'a str],
}

/// Runs the commands of a page in one shell that stops at the first that fails.
fn run(page: &str, site: &Site, setting: &Setting<'_>) {
    let Setting { files, before, instead, elsewhere } = setting;
    let text = fs::read_to_string(repository().join(page)).unwrap();
    let mut commands = commands(&text);
    assert!(commands.len() > 4, "{page} shows commands");
    for start in *elsewhere {
        let number = commands.len();
        commands.retain(|command| !command.starts_with(start));
        assert!(commands.len() < number, "{page} has no {start}");
    }
    for (shown, told) in *instead {
        assert!(commands.iter().any(|command| command.contains(shown)), "{page} has no {shown}");
        for command in &mut commands {
            *command = command.replace(shown, told);
        }
    }
    let home = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let bin = Path::new(env!("CARGO_BIN_EXE_rollbook")).parent().unwrap().display().to_string();
    let mut script = format!("set -eu\n{before}\n");
    for command in &commands {
        script.push_str(&format!("echo \"\\$ \"{} >&2\n{{ {command}\n}} || exit\n", quoted(command)));
    }
    let mut shell = Command::new("bash");
    shell.arg("-c").arg(&script).current_dir(home.path()).env_clear();
    shell.env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap())).env("HOME", home.path());
    for (name, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@acme.com"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@acme.com"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "init.defaultBranch"),
        ("GIT_CONFIG_VALUE_0", "main"),
    ] {
        shell.env(name, value);
    }
    shell.envs(site.sandbox.exports(site.url()));
    // Without keys that the page's tree has no use for.
    shell.env_remove("ROLLBOOK_ORG_API_KEY").env_remove("ROLLBOOK_SCIM_API_KEY");
    let out = shell.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{page}: {}\n{stdout}\n{stderr}", out.status);
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The files of an example, in a repository of their own whose main branch is also `origin`'s.
const COMMITTED: &str = "printf '.rollbook/\\n*.json\\n' > .gitignore; git init --quiet; git add .; \
                         git commit --quiet -m first; git commit --quiet --allow-empty -m second; \
                         git update-ref refs/remotes/origin/main HEAD~1";

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

#[test]
fn adopting() {
    let files = vec![(".rollbook-token", "sandbox-token\n")];
    run("docs/adopting.md", &Site::example("acme"), &Setting { files, ..Setting::default() });
}

/// The same on a company of 400 people with an identity provider: with Jira's token alone, and with an organization's key.
#[test]
fn adopting_in_a_company_with_an_identity_provider() {
    let files = || vec![(".rollbook-token", "sandbox-token\n")];
    let site = Site::of(&company::seed());
    run("docs/adopting.md", &site, &Setting { files: files(), ..Setting::default() });
    let state = site.sandbox.state();
    let makers = &state.groups[state.group_named("payments-makers").unwrap()];
    assert_eq!(makers.members.len(), 8, "carmen left, and nobody else");
    // Nothing else was written: a group of the identity provider, or anybody's account.
    let writes: Vec<_> =
        site.sandbox.requests().writes.iter().filter(|it| it.route.starts_with("DELETE")).cloned().collect();
    assert_eq!(writes.len(), 1, "{writes:?}");

    let site = Site::of(&company::seed());
    let instead = [
        ("--site https://acme.atlassian.net", "--site https://acme.atlassian.net --organization org"),
        // The page says to name the operator among the rules, before the first change.
        ("git switch --quiet -c", "echo 'operator: root@acme.com' >> rollbook.yaml; git switch --quiet -c"),
    ];
    let before = "export ROLLBOOK_ORG_API_KEY=org-key";
    run(
        "docs/adopting.md",
        &site,
        &Setting { files: files(), before, instead: &instead, ..Setting::default() },
    );
    let state = site.sandbox.state();
    assert_eq!(state.groups[state.group_named("payments-makers").unwrap()].members.len(), 8);
}

#[test]
fn when() {
    let files = files_of("minimal");
    let setting = Setting { files: borrowed(&files), before: COMMITTED, ..Setting::default() };
    run("docs/when.md", &Site::example("minimal"), &setting);
}

#[test]
fn trust() {
    let files = files_of("minimal");
    let instead = [
        // Nobody can be asked here.
        ("apply --allow max-revokes", "apply --allow max-revokes --yes"),
        ("/var/log/rollbook/today.jsonl", "today.jsonl"),
        // Without a change there is no journal.
        (
            "rollbook apply --journal",
            "sed -i /bruno/d groups/developers.yaml; rollbook apply --yes --journal",
        ),
        (" --last HASH", ""),
        (
            "undo .rollbook/journals/20261125T180401.123Z-3f9c2a71.jsonl",
            "undo --yes .rollbook/journals/first.jsonl",
        ),
        (
            "rollbook plan --out",
            "mv .rollbook/journals/*.jsonl first; mv first .rollbook/journals/first.jsonl; rollbook plan --out",
        ),
    ];
    // What CI fetches the ref of the last completed apply from, and pushes it to.
    let remote = "git init --quiet --bare .git/origin; git remote add origin .git/origin; \
                  git push --quiet origin HEAD~1:refs/rollbook/applied";
    let before = format!("{COMMITTED}; {remote}");
    let setting =
        Setting { files: borrowed(&files), before: &before, instead: &instead, ..Setting::default() };
    run("docs/trust.md", &Site::example("minimal"), &setting);
}

/// The first tree is the example, the second the one that the page shows.
#[test]
fn readme() {
    let example: Vec<(String, String)> =
        files_of("acme").into_iter().map(|(path, text)| (format!("examples/acme/{path}"), text)).collect();
    let page = fs::read_to_string(repository().join("README.md")).unwrap();
    let shown: Vec<(String, String)> = page
        .split("```yaml\n# ")
        .skip(1)
        .filter_map(|rest| {
            let (path, rest) = rest.split_once('\n')?;
            let (text, _) = rest.split_once("```")?;
            Path::new(path)
                .extension()
                .is_some_and(|it| it == "yaml")
                .then(|| (path.to_owned(), text.to_owned()))
        })
        .collect();
    assert_eq!(shown.len(), 2, "rollbook.yaml and a group");
    let instead = [
        // Something of the example is blocked on purpose.
        ("plan --today 2026-11-22", "plan --today 2026-11-22 || test $? = 6"),
        ("apply --today 2026-11-22", "apply --yes --journal journal.jsonl --today 2026-11-22 || test $? = 6"),
        ("you@acme.com", "root@acme.com"),
        ("read -rs ROLLBOOK_API_TOKEN", "read -rs ROLLBOOK_API_TOKEN <<< sandbox-token"),
        // Jira hides the email of the contractor.
        ("rollbook plan", "rollbook plan || test $? = 6"),
        ("rollbook lock", "rollbook lock || test $? = 6"),
        ("rollbook apply", "rollbook apply --yes || test $? = 6"),
    ];
    let setting = Setting {
        files: borrowed(&example).into_iter().chain(borrowed(&shown)).collect(),
        instead: &instead,
        elsewhere: &["cargo ", "rollbook sandbox "],
        ..Setting::default()
    };
    run("README.md", &Site::example("acme"), &setting);
}

/// A command that no row has is one that nobody finds, and an option that does not exist is one that fails.
#[test]
fn the_page_of_commands_has_every_command_with_options_that_it_takes() {
    let page = fs::read_to_string(repository().join("docs/commands.md")).unwrap();
    let help = |command: &[&str]| rollbook(command.iter().copied().chain(["--help"])).run().ends(0).stdout;
    let listed = help(&[]);
    let (_, listed) = listed.split_once("Commands:\n").unwrap();
    let (listed, _) = listed.split_once("\n\n").unwrap();
    let commands: Vec<&str> =
        listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands.into_iter().filter(|it| !it.is_empty() && *it != "help") {
        let row = page.lines().find(|line| line.contains(&format!("`rollbook {command}")));
        let row = row.unwrap_or_else(|| panic!("{command} has no row"));
        let takes = help(&[command]);
        if takes.contains("Commands:") {
            continue;
        }
        for option in row.split("`--").skip(1) {
            let option: String = option.chars().take_while(|c| c.is_alphabetic() || *c == '-').collect();
            assert!(takes.contains(&format!("--{option}")), "{command} takes no --{option}: {row}");
        }
    }
}
