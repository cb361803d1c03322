//! Clients that know nothing of Rollbook use the sandbox over TCP (`tests/clients`). They need what `.ci/run`
//! installs, so that a plain `cargo test` says that it skips them.

use std::env;
use std::process::{Command, Output};

use rollbook::sandbox::{Options, Sandbox, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::site::seeded;

/// A site whose group `everybody` takes several pages, and somebody who is not in it.
fn sandbox() -> Sandbox {
    let emails = || (0..120).map(|number| format!("p{number}@acme.com"));
    let users: Vec<String> = emails().map(|email| format!("{{ email: {email} }}")).collect();
    let yaml = format!(
        "users: [{}, {{ account-id: \"712020:new\", email: new@acme.com }}]\n\
         groups: [{{ name: everybody, members: [{}] }}]",
        users.join(", "),
        emails().collect::<Vec<_>>().join(", "),
    );
    seeded(&yaml, &Options::default()).sandbox
}

/// Runs a program against a sandbox that listens.
async fn run(mut program: Command) -> Output {
    let sandbox = sandbox();
    let before = sandbox.state();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = sandbox.clone();
    let serving = tokio::spawn(async move {
        serve(&served, listener, async {
            let _ = stopped.await;
        })
        .await
    });
    program.envs(sandbox.exports(&format!("http://{address}")));
    program.env("GROUP", "everybody").env("ACCOUNT_ID", "712020:new").env("NO_PROXY", "127.0.0.1");
    let output = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
    let _ = stop.send(());
    serving.await.unwrap().unwrap();
    assert_eq!(sandbox.state(), before, "it leaves the site as it was");
    output
}

fn says_ok(output: &Output) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.starts_with("ok ") && out.contains("120 members of everybody"), "{out}\n{err}");
}

fn script(name: &str) -> String {
    format!("{}/tests/clients/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_client_uses_the_sandbox() {
    let Some(python) = env::var_os("ROLLBOOK_TEST_PYTHON") else {
        return println!("skipped: ROLLBOOK_TEST_PYTHON names no Python that has atlassian-python-api");
    };
    let mut program = Command::new(python);
    program.arg(script("atlassian_python_api.py"));
    says_ok(&run(program).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_client_uses_the_sandbox() {
    let Some(modules) = env::var_os("ROLLBOOK_TEST_NODE_MODULES") else {
        return println!("skipped: ROLLBOOK_TEST_NODE_MODULES names no folder that has jira.js");
    };
    let mut program = Command::new("node");
    program.arg(script("jira_js.mjs")).env("NODE_PATH", modules);
    says_ok(&run(program).await);
}
