//! What the surface `jira` reads and writes.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use axum::response::Response;
use rollbook::atlassian::{Error, Fault, Jira, MadeIds, RequestError, Sending, TokenKind, WriteOutcome};
use rollbook::model::{
    AccountId, AccountKind, Address, CreatedIds, Email, GroupId, GroupName, Key, ManagedBy, Operation, Ref,
    Usage,
};

use crate::atlassian::{Peer, Seen, TOKEN, basic, client_with, jira, json};

const ADA: &str = r#"{"accountId":"712020:ada","accountType":"atlassian","active":true,"displayName":"Ada","emailAddress":"Ada@acme.com","locale":"en"}"#;
const BOT: &str =
    r#"{"accountId":"bot","accountType":"app","active":false,"displayName":"Bot","emailAddress":""}"#;

/// A site with one of each.
fn site(seen: &Seen) -> Response {
    let page = |values: &str, count: usize| {
        json(200, &format!(r#"{{"startAt":0,"total":{count},"isLast":true,"values":[{values}]}}"#))
    };
    match seen.uri.path() {
        "/rest/api/3/myself" => json(200, ADA),
        "/rest/api/3/mypermissions" if seen.uri.query().unwrap().contains("USER_PICKER") => {
            json(400, r#"{"errorMessages":["unknown permission: USER_PICKER"]}"#)
        }
        "/rest/api/3/mypermissions" => json(200, r#"{"permissions":{"ADMINISTER":{"havePermission":true}}}"#),
        "/rest/api/3/group/bulk" => page(r#"{"groupId":"g1","name":"site-admins"}"#, 1),
        "/rest/api/3/group/member" | "/rest/api/3/user/bulk" => page(&format!("{BOT},{ADA}"), 2),
        "/rest/api/3/users/search" => match seen.number("startAt") {
            0 if seen.number("maxResults") > 100 => json(409, ""),
            0 if seen.uri.query().unwrap().contains("startAt=0") => json(200, &format!("[{BOT},{ADA}]")),
            start => json(200, ["[]", &format!("[{ADA}]")][usize::from(start == 1)]),
        },
        "/rest/api/3/user/groups" => {
            json(200, r#"[{"groupId":"g1","name":"site-admins"},{"groupId":"g2","name":"b"}]"#)
        }
        "/rest/api/3/groups/picker" => json(
            200,
            r#"{"groups":[{"groupId":"x","name":"sre-old"},{"groupId":"g2","name":"sre","managedBy":"EXTERNAL","usageType":"USERBASE_GROUP"},{"groupId":"g3","name":"sre3"}]}"#,
        ),
        "/rest/api/3/applicationrole" => json(403, ""),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn reads_what_a_site_has() {
    let jira = jira(Peer::default().router(site));
    let group = GroupId::new("g1");
    let (members, people) = jira.members(&group).await.unwrap();
    assert_eq!(members.iter().map(AccountId::as_str).collect::<Vec<_>>(), ["712020:ada", "bot"]);
    assert_eq!(people[0].email, Email::parse("ada@acme.com").ok());
    assert_eq!((people[1].kind, people[1].active(), &people[1].email), (AccountKind::App, false, &None));

    assert_eq!(jira.users().await.unwrap(), (members, people), "after smaller and smaller pages");
    assert_eq!(jira.groups().await.unwrap().len(), 1);
    assert_eq!(jira.groups_of(&AccountId::new("712020:ada")).await.unwrap().len(), 2);
    assert!(jira.app_roles().await.unwrap_err().is_denied());

    let asked = [AccountId::new("712020:ada"), AccountId::new("nobody")];
    let found = jira.accounts(&asked).await.unwrap();
    assert_eq!(found.iter().map(|account| account.id.as_str()).collect::<Vec<_>>(), ["712020:ada"]);

    let sre = GroupName::new("sre");
    let kind = |id| jira.group_kind(id, &sre);
    let (g2, g3, g4) = (GroupId::new("g2"), GroupId::new("g3"), GroupId::new("g4"));
    let synced = kind(&g2).await.unwrap().unwrap();
    assert_eq!((synced.managed_by, synced.usage), (ManagedBy::External, Usage::Group));
    let silent = kind(&g3).await.unwrap().unwrap();
    assert_eq!((silent.managed_by, silent.usage), (ManagedBy::NotReported, Usage::NotReported));
    assert_eq!(kind(&g4).await.unwrap(), None);
}

#[tokio::test]
async fn knows_its_rights_where_a_permission_key_is_unknown() {
    let rights = jira(Peer::default().router(site)).rights().await.unwrap();
    assert_eq!(rights.acting.id.as_str(), "712020:ada");
    assert_eq!((rights.administer, rights.browse_users, rights.site_admin), (true, true, true));
}

#[tokio::test]
async fn an_account_without_browse_rights_is_told_so() {
    let jira = jira(Peer::default().router(|seen| match seen.uri.path() {
        "/rest/api/3/group/bulk" => json(
            403,
            r#"{"errorMessages":["Browse users and groups permission is required to view groups."]}"#,
        ),
        _ => site(seen),
    }));
    let error = jira.rights().await.unwrap_err();
    assert!(error.is_denied(), "{error}");
    assert!(error.to_string().contains("Browse users and groups permission is required"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_told_apart_is_an_error() {
    for (path, body) in [
        ("/rest/api/3/user/groups", r#"[{"groupId":null}]"#),
        ("/rest/api/3/group/bulk", r#"{"total":1,"isLast":true,"values":[{"groupId":"a","name":""}]}"#),
        ("/rest/api/3/group/member", r#"{"total":1,"isLast":true,"values":[{"active":true}]}"#),
        ("/rest/api/3/group/member", r#"{"total":1,"isLast":true,"values":[{"accountId":"a"}]}"#),
    ] {
        let jira = jira(Peer::default().router(move |_| json(200, body)));
        let error = match path {
            "/rest/api/3/user/groups" => jira.groups_of(&AccountId::new("a")).await.map(drop),
            "/rest/api/3/group/bulk" => jira.groups().await.map(drop),
            _ => jira.members(&GroupId::new("g")).await.map(drop),
        };
        let error = error.unwrap_err();
        assert!(matches!(error.fault(), Some(Fault::Shape(_))), "{body}: {error}");
    }
}

/// Atlassian says `unknown` for the account of a record that is corrupted, and allows a group's id to be null: such rows
/// count towards the total, and are nobody's.
#[tokio::test]
async fn rows_without_an_id_count_and_are_nobodys() {
    const FORMER: &str =
        r#"{"accountId":"unknown","accountType":"unknown","displayName":"Former user","active":false}"#;
    const ADA: &str =
        r#"{"accountId":"712020:ada","accountType":"atlassian","displayName":"Ada","active":true}"#;
    let page = |total: usize, rows: &[&str]| {
        format!(r#"{{"total":{total},"isLast":true,"values":[{}]}}"#, rows.join(","))
    };
    let members = async |body: String| {
        let jira = jira(Peer::default().router(move |_| json(200, &body)));
        jira.members(&GroupId::new("g")).await
    };
    let (listing, people) = members(page(3, &[FORMER, ADA, FORMER])).await.unwrap();
    assert_eq!((listing.len(), people.len()), (1, 1));
    assert_eq!(listing.unidentified(), ["Former user", "Former user"]);
    for (total, rows) in
        [(4, [FORMER, ADA, FORMER]), (2, [FORMER, ADA, FORMER]), (1, [FORMER, FORMER, FORMER])]
    {
        let error = members(page(total, &rows)).await.unwrap_err();
        assert!(error.incomplete().is_some(), "a row more or less is reported: {error}");
    }

    // A listing of users without a total, of more than one page, which ends and begins with such rows.
    let jira = jira(Peer::default().router(|seen| {
        let rows = [FORMER, FORMER, ADA, FORMER, FORMER];
        let uri = seen.uri.to_string();
        let start = uri.split("startAt=").nth(1).and_then(|at| at.split('&').next()).unwrap();
        let start = start.parse::<usize>().unwrap().min(rows.len());
        json(200, &format!("[{}]", rows[start..(start + 2).min(rows.len())].join(",")))
    }));
    let (users, _) = jira.users().await.unwrap();
    assert_eq!((users.len(), users.unidentified().len()), (1, 4));

    let groups = r#"[{"groupId":null,"name":"lost"},{"groupId":"g1","name":"sre"},{"name":"older"}]"#;
    let jira = self::jira(Peer::default().router(move |_| json(200, groups)));
    let of_ada = jira.groups_of(&AccountId::new("712020:ada")).await.unwrap();
    assert_eq!((of_ada.len(), of_ada.unidentified()), (1, &["lost".to_owned(), "older".to_owned()][..]));
}

/// A group that gives an app and whose id is not told might be deleted as one that gives none.
#[tokio::test]
async fn which_groups_give_an_app_is_told_whole_or_not_at_all() {
    for (body, told) in [
        (r#"[{"key":"jira-software","groupDetails":[],"defaultGroupsDetails":[]}]"#, true),
        (r#"[{"key":"jira-software","groups":["users"],"defaultGroups":["users"]}]"#, false),
        (
            r#"[{"key":"jira-software","groupDetails":[{"groupId":null,"name":"users"}],"defaultGroupsDetails":[]}]"#,
            false,
        ),
    ] {
        let jira = jira(Peer::default().router(move |_| json(200, body)));
        match jira.app_roles().await {
            Ok(roles) => assert!(told && roles.len() == 1, "{body}"),
            Err(error) => assert!(!told && error.to_string().contains("jira-software"), "{body}: {error}"),
        }
    }
}

fn add() -> Operation {
    Operation::AddMember { group: Ref::Known(GroupId::new("g1")), account: Ref::Known(AccountId::new("a")) }
}

fn create() -> Operation {
    Operation::CreateGroup { name: GroupName::new("sre"), description: None }
}

/// The membership that a listing shows; there is no other way to one.
async fn remove() -> Operation {
    let jira = jira(Peer::default().router(site));
    let group = GroupId::new("g1");
    let (members, _) = jira.members(&group).await.unwrap();
    let membership = members.memberships(&group).next().unwrap();
    Operation::RemoveMember { membership }
}

async fn written(operation: &Operation, status: u16, body: &'static str) -> Result<WriteOutcome, Error> {
    let jira = jira(Peer::default().router(move |_| json(status, body)));
    jira.write(operation, &MadeIds::default(), &mut Sending::default()).await
}

#[tokio::test]
async fn says_what_became_of_a_write() {
    let already = r#"{"errorMessages":["Cannot add user. User is already a member of 'sre'"]}"#;
    let nobody = r#"{"errorMessages":["User 'x' is not a member of group 'sre'"]}"#;
    let licence = r#"{"errorMessages":["The licence is full"]}"#;
    let leaked = "An error occurred: com.atlassian.idp.client.exceptions.AuthorizationException";
    let mut table = Vec::new();
    for (operation, status, body) in [
        (add(), 201, r#"{"groupId":"g1","name":"sre"}"#),
        (add(), 200, ""),
        (add(), 400, already),
        (add(), 409, already),
        (add(), 400, licence),
        (add(), 400, nobody),
        (add(), 403, ""),
        (add(), 500, leaked),
        (add(), 201, "<html>"),
        (remove().await, 200, ""),
        (remove().await, 400, nobody),
        (remove().await, 404, nobody),
        (remove().await, 403, nobody),
        (remove().await, 404, r#"{"errorMessages":["no such group"]}"#),
        (create(), 201, r#"{"groupId":"new","name":"sre"}"#),
        (create(), 201, r#"{"groupId":null,"name":"sre"}"#),
        (create(), 400, already),
        (
            Operation::InviteUser {
                email: Email::parse("x@acme.com").unwrap(),
                apps: vec![],
                name: None,
                groups: vec![],
                defaults: Vec::new(),
                sends_mail: false,
            },
            201,
            ADA,
        ),
        (
            Operation::RemoveUser { account: AccountId::new("a"), memberships: vec![], was_active: true },
            204,
            "",
        ),
        (Operation::DeleteGroup { group: GroupId::new("g"), members: vec![] }, 200, ""),
        (Operation::DeleteGroup { group: GroupId::new("g"), members: vec![] }, 404, nobody),
    ] {
        let name = format!("{operation:?}").split([' ', '{']).next().unwrap().to_owned();
        let outcome = match written(&operation, status, body).await {
            Ok(WriteOutcome::Done { made }) => format!("done {}", serde_json::json!(made)),
            Ok(WriteOutcome::ReportedUnchanged { text }) => format!("claims satisfied: {text}"),
            Ok(WriteOutcome::Refused(error)) => format!("refused: {error}"),
            Err(error) => format!("lost={}: {error}", error.answer_lost()),
        };
        table.push(format!("{name} {status}: {outcome}"));
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[tokio::test]
async fn a_made_id_takes_its_place_and_a_missing_one_sends_nothing() {
    let key: Key =
        Key { address: Address::Group(GroupName::new("sre")), action: rollbook::model::Action::Create };
    let operation =
        Operation::AddMember { group: Ref::Made(key.clone()), account: Ref::Known(AccountId::new("a")) };
    let peer = Peer::default();
    let jira = jira(peer.router(|_| json(201, "{}")));
    let mut made = MadeIds::default();
    assert!(matches!(
        jira.write(&operation, &made, &mut Sending::default()).await,
        Err(Error::Request(RequestError::Unresolved(_)))
    ));
    made.insert(key.clone(), CreatedIds::account(AccountId::new("wrong kind")));
    assert!(matches!(
        jira.write(&operation, &made, &mut Sending::default()).await,
        Err(Error::Request(RequestError::Unresolved(_)))
    ));
    assert!(peer.lines().is_empty());
    made.insert(key, CreatedIds::group(GroupId::new("new/../id")));
    jira.write(&operation, &made, &mut Sending::default()).await.unwrap();
    assert_eq!(peer.lines(), ["POST acme.atlassian.net/rest/api/3/group/user?groupId=new%2F..%2Fid"]);
}

#[tokio::test]
async fn a_scoped_token_goes_through_the_gateway_and_the_cloud_id_is_asked_for_without_it() {
    let peer = Peer::default();
    let router = peer.router(|seen| match seen.uri.path() {
        "/_edge/tenant_info" => json(200, r#"{"cloudId":"1f-2"}"#),
        _ => json(200, "[]"),
    });
    let jira = Jira::new(client_with(router, basic(TokenKind::Scoped)));
    jira.groups_of(&AccountId::new("a")).await.unwrap();
    jira.groups_of(&AccountId::new("b")).await.unwrap();
    assert_eq!(
        peer.lines(),
        [
            "GET acme.atlassian.net/_edge/tenant_info",
            "GET api.atlassian.com/ex/jira/1f-2/rest/api/3/user/groups?accountId=a",
            "GET api.atlassian.com/ex/jira/1f-2/rest/api/3/user/groups?accountId=b",
        ]
    );
    let seen = peer.seen.lock().unwrap();
    assert!(!format!("{:?}{}", seen[0].headers, seen[0].body).contains(TOKEN));
    assert!(!seen[0].headers.contains_key("authorization"));
    assert!(seen[1].headers.contains_key("authorization"));
}
