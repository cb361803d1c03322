//! Every answer of the sandbox fits Atlassian's published description, refusals too, where that is next to
//! the tree; what the description does not have is listed with its reason in `edge/undeclared.rs`.

use rollbook::sandbox::{Limits, Options, Sandbox};

use crate::atlassian::contract::{Asked, Contract, Verdict, contract};
use crate::edge::undeclared::{UNDECLARED, Undeclared};
use crate::sandbox::{GATEWAY, acme, acme_with, ask_as, basic};

/// Who asks.
#[derive(Clone, Copy, Debug)]
enum Who {
    /// The site admin.
    Root,
    /// An account without any right.
    Outsider,
    /// Nobody.
    Nobody,
}

use Who::{Nobody, Outsider, Root};

/// Asks, and holds the answer to the contract; says which entry of the list it took.
async fn answers(
    contract: &Contract,
    sandbox: &Sandbox,
    (who, method, target, body, status): (Who, &str, &str, &str, u16),
) -> Option<&'static Undeclared> {
    let authorization = match who {
        Root => Some(basic("root@acme.com", "root-token")),
        Outsider => Some(basic("out@contractor.example", "out-token")),
        Nobody => None,
    };
    let answer = ask_as(sandbox, authorization.as_deref(), method, target, body).await;
    let about = format!("{who:?} {method} {target}");
    assert_eq!(answer.status.as_u16(), status, "{about}: {}", answer.text);
    let asked = Asked::of(method, target, body);
    if !contract.knows(&asked) {
        println!("skipped: the description has no {}", asked.route());
        return None;
    }
    match contract.answer(&asked, status, &answer.text) {
        Verdict::Wrong(wrong) => panic!("{about}: {wrong:#?}\n{}", answer.text),
        Verdict::Listed => UNDECLARED.iter().find(|undeclared| undeclared.is(&asked.route(), status)),
        Verdict::Fits => {
            let rows = answer.json();
            let rows = rows.get("values").unwrap_or(&rows).as_array().map(Vec::len);
            assert_ne!(rows, Some(0), "{about} is empty: nothing was checked");
            None
        }
    }
}

#[tokio::test]
async fn answers_fit_the_published_schemas() {
    let Some(contract) = contract() else { return };
    let sandbox = acme();
    let add = r#"{"accountId":"712020:out"}"#;
    let invite = r#"{"emailAddress":"n@acme.com","products":["jira-software"]}"#;
    let members = "/rest/api/3/group/member?groupId=g-users&maxResults=1&includeInactiveUsers=true";
    let ada = "/rest/api/3/user?accountId=712020:ada";
    let several = "/rest/api/3/user/bulk?accountId=712020:ada&accountId=712020:bot&maxResults=1";
    let rights =
        r#"{"globalPermissions":["ADMINISTER"],"projectPermissions":[{"permissions":["CREATE_ISSUES"]}]}"#;
    let done = [
        ("GET", "/rest/api/3/group/bulk?maxResults=1", "", 200),
        ("GET", "/rest/api/3/groups/picker?query=a", "", 200),
        ("POST", "/rest/api/3/group", r#"{"name":"new"}"#, 201),
        ("GET", members, "", 200),
        ("GET", "/rest/api/3/group/member?groupId=g-admins", "", 200),
        ("POST", "/rest/api/3/group/user?groupId=g-empty", add, 201),
        ("GET", &format!("{ada}&expand=groups,applicationRoles"), "", 200),
        ("POST", "/rest/api/3/user", invite, 201),
        ("GET", "/rest/api/3/user/groups?accountId=712020:ada", "", 200),
        ("GET", several, "", 200),
        ("GET", "/rest/api/3/user/search?query=e", "", 200),
        ("GET", "/rest/api/3/users/search", "", 200),
        ("GET", "/rest/api/3/users", "", 200),
        ("GET", "/rest/api/3/myself?expand=groups", "", 200),
        ("GET", "/rest/api/3/serverInfo", "", 200),
        ("GET", "/rest/api/3/mypermissions?permissions=ADMINISTER,USER_PICKER", "", 200),
        ("GET", "/rest/api/3/applicationrole", "", 200),
        ("GET", "/rest/api/3/applicationrole/jira-software", "", 200),
        ("GET", "/rest/api/3/group?groupId=g-users&expand=users", "", 200),
        ("GET", "/rest/api/3/user/picker?query=a&showAvatar=true", "", 200),
        ("GET", "/rest/api/3/groupuserpicker?query=a", "", 200),
        ("GET", "/rest/api/3/permissions", "", 200),
        ("POST", "/rest/api/3/permissions/check", rights, 200),
        ("DELETE", "/rest/api/3/group/user?groupId=g-empty&accountId=712020:out", "", 200),
        ("DELETE", "/rest/api/3/group?groupId=g-empty", "", 200),
        ("DELETE", ada, "", 204),
    ];
    for (method, target, body, status) in done {
        let listed = answers(contract, &sandbox, (Root, method, target, body, status)).await;
        assert!(listed.is_none(), "{method} {target}: a success is described");
    }
}

/// What the sandbox refuses, by route and reason.
fn refusals() -> Vec<(Who, &'static str, &'static str, &'static str, u16)> {
    vec![
        (Root, "GET", "/rest/api/3/group/bulk?accessType=none", "", 400),
        (Nobody, "GET", "/rest/api/3/group/bulk", "", 401),
        (Outsider, "GET", "/rest/api/3/group/bulk", "", 403),
        (Root, "GET", "/rest/api/3/groups/picker?maxResults=all", "", 400),
        (Root, "POST", "/rest/api/3/group", "{}", 400),
        (Root, "POST", "/rest/api/3/group", r#"{"name":"JIRA-users"}"#, 400),
        (Nobody, "POST", "/rest/api/3/group", r#"{"name":"new"}"#, 401),
        (Outsider, "POST", "/rest/api/3/group", r#"{"name":"new"}"#, 403),
        (Root, "POST", "/rest/api/3/group", "", 415),
        (Root, "DELETE", "/rest/api/3/group", "", 400),
        (Root, "DELETE", "/rest/api/3/group?groupId=g-okta", "", 400),
        (Outsider, "DELETE", "/rest/api/3/group?groupId=g-users", "", 403),
        (Root, "DELETE", "/rest/api/3/group?groupId=gone", "", 404),
        (Root, "GET", "/rest/api/3/group/member", "", 400),
        (Nobody, "GET", "/rest/api/3/group/member?groupId=g-users", "", 401),
        (Outsider, "GET", "/rest/api/3/group/member?groupId=g-users", "", 403),
        (Root, "GET", "/rest/api/3/group/member?groupId=gone", "", 404),
        (Root, "POST", "/rest/api/3/group/user?groupId=g-users", r#"{"accountId":"712020:ada"}"#, 400),
        (Root, "POST", "/rest/api/3/group/user?groupId=g-okta", r#"{"accountId":"712020:out"}"#, 400),
        (Outsider, "POST", "/rest/api/3/group/user?groupId=g-users", r#"{"accountId":"712020:out"}"#, 403),
        (Root, "POST", "/rest/api/3/group/user?groupId=gone", r#"{"accountId":"712020:out"}"#, 404),
        (Root, "POST", "/rest/api/3/group/user?groupId=g-users", r#"{"accountId":"gone"}"#, 404),
        (Root, "DELETE", "/rest/api/3/group/user?groupId=g-users&accountId=712020:out", "", 400),
        (Outsider, "DELETE", "/rest/api/3/group/user?groupId=g-users&accountId=712020:ada", "", 403),
        (Root, "DELETE", "/rest/api/3/group/user?groupId=gone&accountId=712020:ada", "", 404),
        (Root, "GET", "/rest/api/3/user", "", 400),
        (Outsider, "GET", "/rest/api/3/user?accountId=712020:ada", "", 403),
        (Root, "GET", "/rest/api/3/user?accountId=gone", "", 404),
        (Root, "POST", "/rest/api/3/user", r#"{"emailAddress":"n@acme.com"}"#, 400),
        (Outsider, "POST", "/rest/api/3/user", r#"{"emailAddress":"n@acme.com","products":[]}"#, 403),
        (Root, "DELETE", "/rest/api/3/user?accountId=712020:root", "", 400),
        (Outsider, "DELETE", "/rest/api/3/user?accountId=712020:ada", "", 403),
        (Root, "DELETE", "/rest/api/3/user?accountId=gone", "", 404),
        (Root, "GET", "/rest/api/3/user/groups", "", 400),
        (Outsider, "GET", "/rest/api/3/user/groups?accountId=712020:ada", "", 403),
        (Root, "GET", "/rest/api/3/user/groups?accountId=gone", "", 404),
        (Root, "GET", "/rest/api/3/user/bulk", "", 400),
        (Nobody, "GET", "/rest/api/3/user/bulk?accountId=712020:ada", "", 401),
        (Root, "GET", "/rest/api/3/user/search", "", 400),
        (Root, "GET", "/rest/api/3/users/search?startAt=first", "", 400),
        (Nobody, "GET", "/rest/api/3/users/search", "", 401),
        (Outsider, "GET", "/rest/api/3/users/search", "", 403),
        (Nobody, "GET", "/rest/api/3/user/search/query/key?query=is%20assignee%20of%20A", "", 401),
        (Nobody, "GET", "/rest/api/3/users", "", 401),
        (Nobody, "GET", "/rest/api/3/myself", "", 401),
        (Root, "GET", "/rest/api/3/mypermissions", "", 400),
        (Root, "GET", "/rest/api/3/mypermissions?permissions=NOT_ONE", "", 400),
        (Outsider, "GET", "/rest/api/3/applicationrole", "", 403),
        (Outsider, "GET", "/rest/api/3/applicationrole/jira-software", "", 403),
        (Root, "GET", "/rest/api/3/applicationrole/nothing", "", 404),
        (Root, "GET", "/rest/api/3/group", "", 400),
        (Outsider, "GET", "/rest/api/3/group?groupId=g-users", "", 403),
        (Root, "GET", "/rest/api/3/group?groupId=gone", "", 404),
        (Root, "GET", "/rest/api/3/user/picker", "", 400),
        (Root, "GET", "/rest/api/3/user/picker?query=a&exclude=a&excludeAccountIds=b", "", 400),
        (Root, "GET", "/rest/api/3/groupuserpicker", "", 400),
        (Outsider, "GET", "/rest/api/3/groupuserpicker?query=a", "", 403),
        (Root, "GET", "/rest/api/3/user/search/query?query=nonsense", "", 400),
        (Outsider, "GET", "/rest/api/3/user/search/query?query=is%20assignee%20of%20A", "", 403),
        (Root, "POST", "/rest/api/3/permissions/check", r#"{"globalPermissions":["NOT_ONE"]}"#, 400),
        (
            Root,
            "POST",
            "/rest/api/3/permissions/check",
            r#"{"projectPermissions":[{"permissions":[]}]}"#,
            400,
        ),
        (Outsider, "POST", "/rest/api/3/permissions/check", r#"{"accountId":"712020:ada"}"#, 403),
    ]
}

#[tokio::test]
async fn refusals_are_described_or_listed_and_every_listed_one_happens() {
    let Some(contract) = contract() else { return };
    let mut seen: Vec<&Undeclared> = Vec::new();
    let sandbox = acme();
    for refusal in refusals() {
        seen.extend(answers(contract, &sandbox, refusal).await);
    }
    let gateway = format!("{GATEWAY}/rest/api/3/groups/picker?query=a");
    seen.extend(answers(contract, &sandbox, (Nobody, "GET", &gateway, "", 401)).await);
    let long = format!(r#"{{"name":"{}"}}"#, "a".repeat(1 << 20));
    seen.extend(answers(contract, &sandbox, (Root, "POST", "/rest/api/3/group", &long, 413)).await);

    let limits = Limits::PerSecond(1);
    let busy = acme_with(&Options { limits, ..Options::default() });
    for status in [200, 429] {
        seen.extend(answers(contract, &busy, (Root, "GET", "/rest/api/3/group/bulk", "", status)).await);
    }
    let unseen: Vec<_> =
        UNDECLARED.iter().filter(|it| !seen.iter().any(|seen| std::ptr::eq(*seen, *it))).collect();
    assert!(UNDECLARED.iter().all(|undeclared| !undeclared.why.is_empty()), "each says why");
    assert!(unseen.is_empty(), "listed, and never answered: {unseen:#?}");
}
