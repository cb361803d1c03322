//! Clients that know nothing of Rollbook use the sandbox over TCP (`tests/clients`). They need what `.ci/run`
//! installs, so that a plain `cargo test` says that it skips them.

use std::env;
use std::process::{Command, Output};

use rollbook::sandbox::{Options, Sandbox, Seed, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A site whose group `everybody` takes several pages, and somebody who is not in it; with the keys of the
/// organization and of its SCIM directory.
fn sandbox() -> Sandbox {
    let emails = || (0..120).map(|number| format!("p{number}@acme.com"));
    let users: Vec<String> = emails().map(|email| format!("{{ email: {email} }}")).collect();
    let yaml = format!(
        "site: {{ name: acme }}\n\
         organization: {{ id: o-1, directory: d-1, scim-directory: s-1, domains: [acme.com, new.acme.com] }}\n\
         users: [{{ email: root@acme.com }}, {}, {{ account-id: \"712020:new\", email: new@acme.com }}, {{ email: ada@acme.com, scim: {{}} }}]\n\
         groups:\n\
         - {{ name: site-admins, site-admin: true, members: [root@acme.com] }}\n\
         - {{ name: everybody, members: [{}] }}\n\
         credentials:\n\
         - basic: {{ account: root@acme.com, token: token }}\n\
         - basic: {{ account: new@acme.com, token: of-new }}\n\
         - org-api-key: {{ key: organization-key }}\n\
         - scim-api-key: {{ key: directory-key }}",
        users.join(", "),
        emails().collect::<Vec<_>>().join(", "),
    );
    Sandbox::new(&Seed::parse(&yaml).unwrap(), &Options::default()).unwrap()
}

/// Runs a program against a sandbox that listens, and gives its output and the sandbox as it is then.
async fn run(mut program: Command) -> (Output, Sandbox) {
    let sandbox = sandbox();
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
    program.env("ORGANIZATION", "o-1").env("DIRECTORY", "d-1").env("SCIM_DIRECTORY", "s-1");
    let output = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
    let _ = stop.send(());
    serving.await.unwrap().unwrap();
    (output, sandbox)
}

/// What a program printed, which must have ended well and say so in its last line.
fn said(output: &Output, client: &str) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let last = out.lines().last().unwrap_or_default();
    assert!(last.starts_with(&format!("ok {client}")), "{out}\n{err}");
    out.into_owned()
}

/// A script in Python; `None` where there is none that has the clients, which it says.
fn python(name: &str) -> Option<Command> {
    let Some(python) = env::var_os("ROLLBOOK_TEST_PYTHON") else {
        println!("skipped: ROLLBOOK_TEST_PYTHON names no Python that has the clients of .ci/run");
        return None;
    };
    let mut program = Command::new(python);
    program.arg(script(name));
    Some(program)
}

fn script(name: &str) -> String {
    format!("{}/tests/clients/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_clients_use_the_sandbox() {
    for (name, client) in [("atlassian_python_api.py", "atlassian-python-api"), ("jira_python.py", "jira")] {
        let Some(program) = python(name) else { return };
        let (output, after) = run(program).await;
        assert!(said(&output, client).contains("120 members of everybody"), "{client}");
        assert_eq!(after.state(), sandbox().state(), "{client} leaves the site as it was");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_client_uses_the_sandbox() {
    let Some(modules) = env::var_os("ROLLBOOK_TEST_NODE_MODULES") else {
        return println!("skipped: ROLLBOOK_TEST_NODE_MODULES names no folder that has jira.js");
    };
    let mut program = Command::new("node");
    program.arg(script("jira_js.mjs")).env("NODE_PATH", modules);
    let (output, after) = run(program).await;
    assert!(said(&output, "jira.js").contains("120 members of everybody"));
    assert_eq!(after.state(), sandbox().state(), "it leaves the site as it was");
}

/// Every call of the administrators' clients is made, and those that fail are in none of Atlassian's descriptions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_administrators_client_is_answered_wherever_a_description_has_the_call() {
    let Some(program) = python("cloud_admin.py") else { return };
    let (output, _) = run(program).await;
    let said = said(&output, "CloudAdmin");
    let answered = said.lines().filter(|line| line.ends_with(": answered")).count();
    assert!(answered >= 40, "{said}");
}

/// Tools that check SCIM servers report what Atlassian documents, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scim_tools_report_what_atlassian_documents_and_nothing_else() {
    let Some(program) = python("scim_tools.py") else { return };
    let (output, _) = run(program).await;
    said(&output, "SCIM");
}
