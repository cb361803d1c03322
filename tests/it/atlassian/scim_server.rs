//! The surface `scim` against `scim2-server` from `PyPI`, which nobody here wrote.
//!
//! It runs where `ROLLBOOK_TEST_PYTHON` names a Python that has it installed next to it, as `.ci/run` sets it up.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use rollbook::atlassian::scim::NewUser;
use rollbook::atlassian::{Credential, Scim, Sending};
use rollbook::model::{Authority, Email, ErrorExt as _, GroupName, ScimId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::atlassian::{TOKEN, client_with};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the server on a free port of loopback.
async fn server(program: &Path) -> (Server, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(program)
        .args(["--bearer-token", TOKEN, "--port", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server(child);
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return (server, port);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("scim2-server does not listen");
}

/// Passes a request on, without the prefix that Atlassian puts before the paths of RFC 7644.
async fn passed_on(port: u16, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let target = uri.to_string();
    let path = target.strip_prefix("/scim/directory/dir").unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let authorization = headers["authorization"].to_str().unwrap();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    (StatusCode::from_u16(status).unwrap(), body.to_owned()).into_response()
}

fn scim(port: u16, token: &str) -> Scim {
    let router = Router::new()
        .fallback(move |method, uri, headers, body: Bytes| passed_on(port, method, uri, headers, body));
    Scim::new(
        Arc::new(client_with(router, Credential::DirectoryKey(token.to_owned().into()))),
        "dir",
        Authority::Rollbook,
    )
}

async fn members(scim: &Scim, group: &ScimId) -> Vec<ScimId> {
    scim.group(group).await.unwrap().members.into_iter().collect()
}

#[tokio::test]
async fn a_foreign_server_understands_all_of_it() {
    let program = std::env::var_os("ROLLBOOK_TEST_PYTHON")
        .map(|python| Path::new(&python).with_file_name("scim2-server"))
        .filter(|program| program.is_file());
    let Some(program) = program else {
        println!("skipped: no scim2-server next to ROLLBOOK_TEST_PYTHON");
        return;
    };
    let (_server, port) = server(&program).await;
    let scim_wrong = scim(port, "another-key");
    let refused = scim_wrong.users().await.unwrap_err();
    assert!(refused.help().unwrap().contains("ROLLBOOK_SCIM_API_KEY"), "{refused}");

    let scim = scim(port, TOKEN);
    assert!(scim.users().await.unwrap().0.is_empty());
    let (ada, bob) = (Email::parse("Ada@acme.com").unwrap(), Email::parse("bob@acme.com").unwrap());
    let ada_id = scim
        .noting(&mut Sending::default())
        .create_user(NewUser { email: &ada, name: "Ada", active: true })
        .await
        .unwrap()
        .id;
    let bob_made = scim
        .noting(&mut Sending::default())
        .create_user(NewUser { email: &bob, name: "Bob", active: false })
        .await
        .unwrap();
    assert!(!bob_made.active, "active is sent when it is false, too");
    let again = scim
        .noting(&mut Sending::default())
        .create_user(NewUser { email: &ada, name: "Ada", active: true })
        .await
        .unwrap_err();
    assert_eq!(again.status(), Some(409), "{again}");

    for active in [false, true] {
        scim.noting(&mut Sending::default()).set_active(&ada_id, active).await.unwrap();
        let found = scim.user_named(&ada).await.unwrap().unwrap();
        assert_eq!((found.active, found.name.as_str(), &found.email), (active, "Ada", &Some(ada.clone())));
    }
    scim.noting(&mut Sending::default()).set_name(&ada_id, "Ada \"L\"").await.unwrap();
    assert_eq!(scim.user_named(&ada).await.unwrap().unwrap().name, "Ada \"L\"");
    assert_eq!(scim.user_named(&Email::parse("no@acme.com").unwrap()).await.unwrap(), None);

    let group = scim.noting(&mut Sending::default()).create_group(&GroupName::new("s\"re")).await.unwrap().id;
    scim.noting(&mut Sending::default())
        .add_members(&group, &[ada_id.clone(), bob_made.id.clone()])
        .await
        .unwrap();
    scim.noting(&mut Sending::default()).add_members(&group, std::slice::from_ref(&ada_id)).await.unwrap();
    assert_eq!(members(&scim, &group).await.len(), 2);
    scim.noting(&mut Sending::default()).remove_member(&group, &ada_id).await.unwrap();
    assert_eq!(members(&scim, &group).await, std::slice::from_ref(&bob_made.id));
    assert_eq!(scim.group_named(&GroupName::new("s\"re")).await.unwrap().unwrap().id, group);
    assert_eq!(scim.users().await.unwrap().0.len(), 2);
    assert_eq!(scim.user(&ada_id).await.unwrap().email, Some(ada));
    scim.noting(&mut Sending::default()).delete_group(&group).await.unwrap();
    assert_eq!(scim.group(&group).await.unwrap_err().status(), Some(404));
    assert_eq!(
        scim.noting(&mut Sending::default()).delete_group(&group).await.unwrap_err().status(),
        Some(404)
    );
}
