//! Every command block of the pages is run as it stands, in order, against the sandbox.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Site, files_of, repository};

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

/// Runs the commands of a page in one shell that stops at the first that fails.
fn run(page: &str, site: &Site, files: &[(&str, &str)], before: &str) {
    let text = fs::read_to_string(repository().join(page)).unwrap();
    let commands = commands(&text);
    assert!(commands.len() > 4, "{page} shows commands");
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

#[test]
fn adopting() {
    let site = Site::example("acme");
    let token = [(".rollbook-token", "sandbox-token\n")];
    run("docs/adopting.md", &site, &token, "");
}

#[test]
fn when() {
    let site = Site::example("minimal");
    let files = files_of("minimal");
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let before =
        "printf '.rollbook/\\n' > .gitignore; git init --quiet; git add .; git commit --quiet -m first";
    run("docs/when.md", &site, &files, before);
}
