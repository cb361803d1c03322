//! Every successful answer of the sandbox fits Atlassian's published description, where that lies beside the tree.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::path::Path;

use serde_json::{Value, json};

use crate::sandbox_client::{acme, ask};

const FILE: &str = "shared/openapi/jira-v3.users-groups.json";

/// The description of Jira REST v3, where it lies beside the tree or above.
fn description() -> Option<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.ancestors().skip(1).map(|folder| folder.join(FILE)).find(|path| path.exists())?;
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

#[tokio::test]
async fn answers_fit_the_published_schemas() {
    let Some(description) = description() else {
        return println!("skipped: no {FILE} beside the tree");
    };
    let sandbox = acme();
    let add = r#"{"accountId":"712020:out"}"#;
    let requests = [
        ("get", "/rest/api/3/group/bulk", "?maxResults=1", "", 200),
        ("get", "/rest/api/3/groups/picker", "?query=a", "", 200),
        ("post", "/rest/api/3/group", "", r#"{"name":"new"}"#, 201),
        (
            "get",
            "/rest/api/3/group/member",
            "?groupId=g-users&maxResults=1&includeInactiveUsers=true",
            "",
            200,
        ),
        ("get", "/rest/api/3/group/member", "?groupId=g-admins", "", 200),
        ("post", "/rest/api/3/group/user", "?groupId=g-empty", add, 201),
        ("get", "/rest/api/3/user", "?accountId=712020:ada&expand=groups,applicationRoles", "", 200),
        (
            "post",
            "/rest/api/3/user",
            "",
            r#"{"emailAddress":"n@acme.com","products":["jira-software"]}"#,
            201,
        ),
        ("get", "/rest/api/3/user/groups", "?accountId=712020:ada", "", 200),
        ("get", "/rest/api/3/user/bulk", "?accountId=712020:ada&accountId=712020:bot&maxResults=1", "", 200),
        ("get", "/rest/api/3/user/search", "?query=e", "", 200),
        ("get", "/rest/api/3/users/search", "", "", 200),
        ("get", "/rest/api/3/users", "", "", 200),
        ("get", "/rest/api/3/myself", "?expand=groups", "", 200),
        ("get", "/rest/api/3/serverInfo", "", "", 200),
        ("get", "/rest/api/3/mypermissions", "?permissions=ADMINISTER,USER_PICKER", "", 200),
        ("get", "/rest/api/3/mypermissions", "?permissions=NOT_ONE", "", 400),
        ("get", "/rest/api/3/applicationrole", "", "", 200),
        ("delete", "/rest/api/3/group/user", "?groupId=g-empty&accountId=712020:out", "", 200),
        ("delete", "/rest/api/3/group", "?groupId=g-empty", "", 200),
        ("delete", "/rest/api/3/user", "?accountId=712020:ada", "", 204),
    ];
    for (method, path, query, body, status) in requests {
        let answer = ask(&sandbox, &method.to_uppercase(), &format!("{path}{query}"), body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text);
        let responses = &description["paths"][path][method]["responses"];
        let described = &responses[status.to_string()];
        assert!(described.is_object(), "{method} {path} is not said to answer {status}");
        let schema = &described["content"]["application/json"]["schema"];
        if schema.is_null() {
            assert_eq!(answer.text, "", "{method} {path} is not said to have a body");
            continue;
        }
        let mut document = json!({ "components": description["components"] });
        document["allOf"] = json!([schema]);
        let validator = jsonschema::draft4::new(&document).unwrap();
        let answered = answer.json();
        let wrong: Vec<String> =
            validator.iter_errors(&answered).map(|it| format!("{}: {it}", it.instance_path())).collect();
        assert!(wrong.is_empty(), "{method} {path}: {wrong:#?}\n{}", answer.text);
        assert!(!answered.as_array().is_some_and(Vec::is_empty), "{path} is empty: nothing was checked");
    }
}
