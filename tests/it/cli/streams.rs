//! Data to stdout, everything else to stderr, and no output that depends on colour (docs/design.md#streams).

use std::process::Command;

use super::{Ran, Rollbook, Site, TODAY, example, rollbook};

const ESCAPE: char = '\u{1b}';

fn acme(arguments: &[&str]) -> Rollbook {
    let tree = example("acme");
    rollbook(arguments.iter().copied().chain(["-C", &tree, "--today", TODAY]))
}

/// An invalid tree, for diagnostics on either stream.
fn invalid(arguments: &[&str]) -> Rollbook {
    rollbook(arguments).file("rollbook.yaml", "version: 1\nsite: https://acme.atlassian.net\ngrups: {}\n")
}

/// Arguments, and the tree that they are run on.
type Case<'a> = (&'a [&'a str], fn(&[&str]) -> Rollbook);

/// Commands that print in colour on stdout or stderr.
fn colourful() -> Vec<Case<'static>> {
    vec![
        (&["plan"], acme),
        (&["plan", "--by", "user", "-v", "-v"], acme),
        (&["apply", "--yes"], acme),
        (&["check"], acme),
        (&["check"], invalid),
        (&["plan"], invalid),
    ]
}

fn run(command: Case<'_>, more: &[&str], env: &[(&str, &str)]) -> Ran {
    let (arguments, start) = command;
    let arguments: Vec<&str> = arguments.iter().chain(more).copied().collect();
    // Each its own site, since apply changes it; the same, since the seed is.
    let site = Site::example("acme");
    let run = start(&arguments).at(&site);
    env.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
}

/// Both streams without what differs from run to run: the port, and how long a request took.
fn text(shown: &str) -> String {
    let (_, streams) = shown.split_once('\n').unwrap();
    let lines = streams.lines().map(|line| line.split(" ms=").next().unwrap());
    // Requests are sent several at a time, and progress is shown when it is made.
    let logged = |line: &&str| {
        let line = line.trim_start();
        ["INFO ", "DEBUG ", "TRACE "].iter().any(|level| line.starts_with(level))
    };
    let (mut log, mut rest): (Vec<&str>, Vec<&str>) = lines.partition(logged);
    log.sort_unstable();
    rest.append(&mut log);
    rest.join("\n")
}

#[test]
fn colour_adds_nothing_but_colour_and_what_is_piped_has_none() {
    for command in colourful() {
        let piped = run(command, &[], &[]);
        assert!(!piped.to_string().contains(ESCAPE), "{piped}");

        let coloured = run(command, &["--color", "always"], &[]);
        let coloured = coloured.to_string();
        assert!(coloured.contains(ESCAPE), "{coloured}");
        let stripped = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(text(&stripped), text(&piped.to_string()));
    }
}

#[test]
fn variables_about_colour() {
    let plan: Case<'_> = (&["plan"], acme);
    let coloured = |more: &[&str], env: &[(&str, &str)]| run(plan, more, env).stdout.contains(ESCAPE);
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    // What is asked for by name counts more than what the environment says of all programs.
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
}

#[test]
fn json_is_data_however_much_is_said_beside_it() {
    let site = Site::example("acme");
    let loud = ["--format", "json", "-v", "-v", "-v", "-v"];
    let with = |command: &[&'static str]| -> Vec<&str> { command.iter().chain(&loud).copied().collect() };

    let plan = acme(&with(&["plan"])).at(&site).run().ends(6);
    assert_eq!(plan.json()["format"], "rollbook.plan/1");
    assert!(plan.stderr.contains("route="), "{plan}");

    let apply = acme(&with(&["apply", "--yes"])).at(&site).run().ends(6);
    let report = apply.json();
    assert_eq!(report["format"], "rollbook.report/1");
    let keys = |document: &serde_json::Value| -> Vec<String> {
        let operations = document["operations"].as_array().unwrap();
        operations.iter().map(|it| it["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(keys(&report), keys(&plan.json()));
    assert_eq!(report["blocked"], plan.json()["blocked"]);

    let check = acme(&with(&["check"])).run().ends(0);
    assert_eq!(check.json()["diagnostics"][0]["code"], "until-past");
    let check = invalid(&with(&["check"])).run().ends(3);
    assert_eq!(check.json()["diagnostics"][0]["code"], "unknown-key");
    // Nothing to do is a report too.
    let apply = acme(&with(&["apply", "--yes"])).at(&site).run().ends(6);
    assert_eq!(apply.json()["operations"], serde_json::json!([]));
}

#[test]
fn quiet_leaves_data_and_errors() {
    let site = Site::example("acme");
    let quiet = acme(&["plan", "-q"]).at(&site).run().ends(6);
    assert_eq!(quiet.stderr, "");
    let loud = acme(&["plan"]).at(&site).run().ends(6);
    assert_eq!(quiet.stdout, loud.stdout);
    assert!(loud.stderr.contains("until-past"), "{loud}");

    assert_eq!(acme(&["check", "-q"]).run().ends(0).stderr, "");
    let apply = acme(&["apply", "--yes", "-q"]).at(&site).run().ends(6);
    assert_eq!(apply.stderr, "");
    assert!(apply.stdout.contains("Done: 19 of 19 operations"), "{apply}");
    // Nothing to do, and something in the way: that is said.
    let again = acme(&["apply", "--yes", "-q"]).at(&site).run().ends(6);
    assert!(again.stdout.contains("blocked       add member.vpn/kim@contractor.example"), "{again}");

    let wrong = acme(&["plan", "-q"]).at(&site).env("ROLLBOOK_API_TOKEN", "wrong").run().ends(1);
    assert!(wrong.stderr.starts_with("error: "), "{wrong}");
    assert!(invalid(&["plan", "-q"]).run().ends(3).stderr.contains("unknown-key"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let site = Site::example("acme");
    let starts: [(&[&str], i32); 7] = [
        (&["plan"], 6),
        (&["plan", "--format", "json"], 6),
        (&["check"], 0),
        (&["--help"], 0),
        (&["schema"], 0),
        (&["completions", "bash"], 0),
        (&["man"], 0),
    ];
    for (arguments, code) in starts {
        let reads_tree = ["plan", "check"].contains(&arguments[0]);
        let run = if reads_tree { acme(arguments) } else { rollbook(arguments) };
        let mut running = run.at(&site).start();
        drop(running.stdout.take());
        let ran = running.end().ends(code);
        assert!(!ran.stderr.contains("error"), "{ran}");
    }
    // Nor is one of stderr, however much is said there.
    let mut running = acme(&["plan", "-v", "-v"]).at(&site).start();
    drop(running.stderr.take());
    let ran = running.end().ends(6);
    assert!(ran.stdout.contains("10 grants, 8 revokes"), "{ran}");
}

/// Runs a program on a terminal of so many columns, types an answer, and prints what the terminal got.
const ON_A_TERMINAL: &str = r#"
import fcntl, os, pty, struct, subprocess, sys, termios
columns, answer, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
quiet = termios.tcgetattr(theirs)
quiet[1] &= ~termios.OPOST
quiet[3] &= ~termios.ECHO
termios.tcsetattr(theirs, termios.TCSANOW, quiet)
child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
os.close(theirs)
os.write(ours, (answer + "\n").encode())
while True:
    try:
        got = os.read(ours, 65536)
    except OSError:
        break
    if not got:
        break
    sys.stdout.buffer.write(got)
sys.exit(child.wait())
"#;

/// The same run on a terminal, where there is a python3 to make one.
fn on_a_terminal(run: Rollbook, columns: u16, answer: &str) -> Option<Ran> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let version = Command::new("python3").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3 to make a terminal");
        return None;
    }
    let columns = columns.to_string();
    let wrapper = ["python3", "-c", ON_A_TERMINAL, &columns, answer];
    Some(run.wrapped(&wrapper).env_os("PATH", &path).env("TERM", "xterm-256color").run())
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or_default()
}

#[cfg(unix)]
#[test]
fn a_plan_keeps_to_its_terminal() {
    let site = Site::example("acme");
    for (columns, most) in [(80, 80), (100, 100), (200, 120)] {
        let plan = acme(&["plan", "-q"]).at(&site);
        let Some(ran) = on_a_terminal(plan, columns, "") else { return };
        let ran = ran.ends(6);
        assert!(ran.stdout.contains(ESCAPE), "{ran}");
        let stripped = anstream::adapter::strip_str(&ran.stdout).to_string();
        assert!(widest(&stripped) <= most, "{columns} columns\n{stripped}");
        if columns == 80 {
            // The width of a pipe is that of the usual terminal.
            assert_eq!(stripped, acme(&["plan", "-q"]).at(&site).run().stdout);
        }
        let shown = acme(&["check", "-q"]);
        let shown = on_a_terminal(shown, columns, "").unwrap().ends(0);
        assert!(widest(&anstream::adapter::strip_str(&shown.stdout).to_string()) <= most, "{shown}");
    }
}

#[cfg(unix)]
#[test]
fn whoever_is_asked_decides() {
    let site = Site::example("minimal");
    let apply = || rollbook(["apply", "-C", &example("minimal"), "--today", TODAY]).at(&site);
    for no in ["no", "", "y", "yes please"] {
        let Some(ran) = on_a_terminal(apply(), 80, no) else { return };
        let ran = ran.ends(1);
        assert!(
            ran.stdout.contains(
                "Apply 4 operations (3 grants, 1 revoke)? Type `yes` to confirm: Nothing was changed."
            ),
            "{ran}"
        );
        assert_eq!(site.sandbox.requests().writes, []);
    }
    let ran = on_a_terminal(apply(), 80, "yes").unwrap().ends(0);
    assert!(ran.stdout.contains("Done: 4 of 4 operations"), "{ran}");
    assert_eq!(site.sandbox.requests().writes.len(), 4);
}
