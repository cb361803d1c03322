//! `rollbook sandbox`: the emulated site as people start it.

use super::{Ran, Running, TODAY, example, rollbook, seed_of};

#[test]
fn a_bad_seed_is_named() {
    let bad = |seed: &str, more: &[&str]| -> Ran {
        let arguments = ["sandbox", "--seed", "seed.yaml"].iter().chain(more).copied();
        let ran = rollbook(arguments).file("seed.yaml", seed).run().ends(64);
        assert_eq!(ran.stdout, "");
        ran
    };
    insta::assert_snapshot!(
        "unknown_key",
        bad("site: { name: acme }\nusers:\n  - { emial: a@acme.com }\n", &[])
    );
    insta::assert_snapshot!("no_yaml", bad("site: { name: acme\nusers: ]\n", &[]));
    insta::assert_snapshot!(
        "unknown_member",
        bad("groups:\n  - { name: a, members: [nobody@acme.com] }\n", &[])
    );
    let good = seed_of("minimal");
    for (arguments, message) in [
        (["--listen", "0.0.0.0:0"], "the sandbox serves on loopback only"),
        (["--listen", "localhost"], "invalid socket address syntax"),
        (["--limits", "0"], "`atlassian`, `off` or it needs a whole number from 1"),
        (["--faults", "429=2"], "the share of 429 is \"2\", and must be a number from 0 to 1"),
        (["--faults", "504=0.1"], "there is no fault \"504\"; there are 429, 500, 502, 503, reset, stall"),
        (["--faults", "429=0.6,reset=0.6"], "the shares add up to 1.2, and there is no more than 1"),
        (["--latency", "-1"], "unexpected argument '-1'"),
    ] {
        let ran = bad(&good, &arguments);
        assert!(ran.stderr.contains(message), "{ran}");
    }
    let missing = rollbook(["sandbox", "--seed", "nowhere.yaml"]).run().ends(1);
    assert!(missing.stderr.contains("failed to read nowhere.yaml"), "{missing}");
}

#[cfg(unix)]
mod served {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpStream;
    use std::process::Command;

    use super::*;

    /// Starts a sandbox, and gives its URL and the lines for a shell.
    fn start(run: super::super::Rollbook) -> (Running, String, String) {
        let mut running = run.start();
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        let mut next = || lines.next().unwrap().unwrap();
        let url = next().strip_prefix("listening on ").unwrap().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        let exports: Vec<String> = (0..4).map(|_| next()).collect();
        assert!(exports.iter().all(|line| line.starts_with("export ROLLBOOK_")), "{exports:?}");
        (running, url, exports.join("\n"))
    }

    /// Runs the binary from a shell that has read the lines.
    fn in_a_shell(exports: &str, arguments: &str) -> (Option<i32>, String) {
        let script = format!("eval \"$1\"; exec \"$2\" {arguments}");
        let shell = Command::new("sh")
            .env_clear()
            .args(["-c", &script, "sh", exports, env!("CARGO_BIN_EXE_rollbook")])
            .output()
            .unwrap();
        let text = String::from_utf8(shell.stdout).unwrap() + &String::from_utf8(shell.stderr).unwrap();
        (shell.status.code(), text)
    }

    #[test]
    fn a_shell_reads_its_lines_and_ctrl_c_saves_it() {
        // Whatever a token holds, a shell must not run it.
        let token = r#"it's$(exit)`exit`"\;x"#;
        let seed = seed_of("minimal")
            .replace("token: sandbox-token", &format!("token: '{}'", token.replace('\'', "''")));
        let run =
            || rollbook(["sandbox", "--seed", "seed.yaml", "--state", "state.yaml"]).file("seed.yaml", &seed);
        let minimal = format!("-C {} --today {TODAY}", example("minimal"));
        let journals = tempfile::tempdir().unwrap();
        let journal = journals.path().join("run.jsonl").display().to_string();

        let (running, url, exports) = start(run());
        let (code, text) = in_a_shell(&exports, &format!("plan --detailed-exitcode {minimal}"));
        assert_eq!(code, Some(2), "{text}");
        let (code, text) = in_a_shell(&exports, &format!("apply --yes --journal {journal} {minimal}"));
        assert_eq!(code, Some(0), "{text}");
        // Somebody else may be connected, and say nothing.
        let idle = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        running.signal("INT");
        let ended = running.end().ends(0);
        assert_eq!(ended.stderr, "");
        let state = std::fs::read_to_string(ended.folder().join("state.yaml")).unwrap();
        assert!(state.contains("grace@acme.com"), "{state}");
        drop(idle);

        // The second goes on where the first ended, whatever the seed says.
        let (running, _, exports) = start(run().file("state.yaml", &state));
        let (code, text) = in_a_shell(&exports, &format!("plan --detailed-exitcode {minimal}"));
        assert_eq!(code, Some(0), "{text}");
        running.signal("INT");
        running.end().ends(0);
    }

    #[test]
    fn faults_happen_and_a_run_gets_through_or_says_why() {
        let seed = seed_of("minimal");
        let faults = |spec: &str| {
            start(
                rollbook(["sandbox", "--seed", "seed.yaml", "--faults", spec, "--rng-seed", "1"])
                    .file("seed.yaml", &seed),
            )
        };
        let minimal = format!("-C {} --today {TODAY}", example("minimal"));
        // Cut before the work or after it, whatever is asked: there is no plan.
        let (running, _, exports) = faults("reset=1");
        let (code, text) = in_a_shell(&exports, &format!("plan {minimal}"));
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("the connection broke off before the response was complete"), "{text}");
        running.signal("INT");
        running.end().ends(0);
        // Slow and cut now and then: reads are repeated.
        let (running, _, exports) = faults("slow=0.1,lost-reply=0.2");
        let (code, text) = in_a_shell(&exports, &format!("plan --detailed-exitcode {minimal}"));
        assert_eq!(code, Some(2), "{text}");
        running.signal("INT");
        running.end().ends(0);
    }

    #[test]
    fn it_answers_what_it_is_asked_about_itself() {
        let seed = format!("{}/sandbox.yaml", example("acme"));
        let (running, url, _) = start(rollbook(["sandbox", "--seed", &seed]));
        let get = |path: &str| {
            let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
            write!(stream, "GET {path} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n\r\n").unwrap();
            std::io::read_to_string(stream).unwrap()
        };
        assert!(get("/_sandbox/state").contains("platform-engineers"));
        assert!(get("/_sandbox/requests").contains("\"writes\":[]"));
        running.signal("INT");
        running.end().ends(0);
    }
}
