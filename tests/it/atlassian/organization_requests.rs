//! Requests of the surfaces `organization` and `user-management` as values: what is sent for each read and each
//! operation, that no id leaves its place, and that the published descriptions know them.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use rollbook::atlassian::organization::{Place, reads, request};
use rollbook::atlassian::{Body, Host, MadeIds, Repeat, Request, management};
use rollbook::model::{
    Access, AccountId, App, Email, ErrorExt as _, GroupId, GroupName, Inactive, Listing, Operation,
    PlatformRole, Ref, Role, Rows, SurfaceIds,
};
use serde_json::Value;

/// Ids that would mean something in a URL if they could get there.
const HOSTILE: [&str; 8] =
    ["a/b", "a?b=c", "a#b", "../../admin", "100%", "%2e%2e", "a b+c", "712020:5e1f\r\nHost: evil"];

fn place(id: &str) -> Place {
    Place { organization: id.into(), directory: id.into() }
}

fn all_reads(id: &str) -> Vec<Request> {
    let (place, email) = (place(id), Email::parse("Ada+jira@acme.com").unwrap());
    let (group, account) = (GroupId::new(id), AccountId::new(id));
    vec![
        reads::directories(id, None),
        reads::directories(id, Some("c/u=r")),
        reads::domains(id, None),
        reads::domains(id, Some("c/u=r")),
        reads::workspaces(id, None),
        reads::workspaces(id, Some("c/u=r")),
        reads::activity(&place, None),
        reads::everybody(&place, None),
        reads::everybody(&place, Some("c/u=r")),
        reads::by_email(id, std::slice::from_ref(&email), None),
        reads::by_email(id, &[email], Some("c/u=r")),
        reads::with_role(id, &PlatformRole::OrganizationAdmin, None),
        reads::members_of(&place, std::slice::from_ref(&group), None),
        reads::memberships_of(&place, std::slice::from_ref(&account), None),
        reads::groups(&place, None, Some("c/u=r")),
        reads::groups(&place, Some(&[GroupName::new(id)]), None),
        reads::groups_by_id(&place, std::slice::from_ref(&group), None),
        reads::resource_counts(&place, &[], Some("c/u=r")),
        reads::resource_counts(&place, &[group], None),
        reads::holders(&place, id, &Role::new("user"), Some("c/u=r")),
        reads::roles_of_person(&place, &account, Some("c/u=r")),
        reads::groups_of(&place, &account, None),
        reads::groups_with_roles(&place, &[id], &[Role::new("user"), Role::new("user-access-admin")], None),
        reads::groups_with_roles(&place, &[id, "ari:cloud:confluence::site/1"], &[], Some("c/u=r")),
        reads::roles_of(&place, &GroupId::new(id), Some("c/u=r")),
        management::privileges(&account),
    ]
}

fn all_writes(id: &str) -> Vec<Request> {
    let account = AccountId::new(id);
    let listing =
        Listing::checked(Rows { rows: vec![account.clone()], total: Some(1), ended: true }).unwrap();
    let membership = listing.memberships(&GroupId::new(id)).next().unwrap();
    let app = App::new("jira-software");
    let ids = SurfaceIds {
        resources: [(app.clone(), "ari:cloud:jira-software::site/1".to_owned())].into(),
        ..SurfaceIds::default()
    };
    let invite = |apps, groups| Operation::InviteUser {
        email: Email::parse("Ada+jira@acme.com").unwrap(),
        apps,
        name: None,
        groups,
        defaults: Vec::new(),
        sends_mail: false,
    };
    let activate = |from| Operation::ActivateUser { account: account.clone(), from, memberships: vec![] };
    let access = Access { app: app.clone(), role: Role::new("user-access-admin") };
    let roles = Listing::checked(Rows { rows: vec![access.clone()], total: Some(1), ended: true }).unwrap();
    let held = roles.held_by(&GroupId::new(id)).next().unwrap();
    let by_organization = [
        Operation::AssignRole { group: Ref::Known(GroupId::new(id)), access },
        Operation::RevokeRole { held },
        Operation::CreateGroup { name: GroupName::new(id), description: Some("What it is for".into()) },
        invite(vec![app], vec![Ref::Known(GroupId::new(id))]),
        invite(vec![], vec![Ref::Known(GroupId::new(id))]),
        Operation::AddMember { group: Ref::Known(GroupId::new(id)), account: Ref::Known(account.clone()) },
        Operation::RemoveMember { membership },
        Operation::RemoveUser { account: account.clone(), memberships: vec![], was_active: true },
        Operation::DeleteGroup { group: GroupId::new(id), members: vec![] },
        Operation::SuspendUser { account: account.clone(), memberships: vec![] },
        activate(Inactive::Suspended),
    ];
    let by_management = [
        Operation::DeactivateUser { account: account.clone(), memberships: vec![] },
        activate(Inactive::Deactivated),
    ];
    let requests = by_organization.iter();
    let requests =
        requests.map(|operation| request(operation, &MadeIds::default(), &place(id), &ids).unwrap());
    let others = by_management.iter().map(|operation| management::request(operation).unwrap());
    requests.chain(others).collect()
}

fn shown(request: &Request) -> String {
    let body = match request.payload() {
        Body::Empty => String::new(),
        Body::Json(value) => format!(" {value}"),
        Body::Secret { .. } => " secret".to_owned(),
    };
    format!("{} {}{body} [{:?}]", request.method(), request.target().unwrap(), request.repeatable())
}

#[test]
fn every_request_of_the_surfaces() {
    let requests: Vec<_> = all_reads("712020:a").into_iter().chain(all_writes("712020:a")).collect();
    insta::assert_snapshot!(requests.iter().map(shown).collect::<Vec<_>>().join("\n"));
    assert!(requests.iter().all(|request| request.host() == Host::Admin));
    assert!(all_reads("a").iter().all(|request| request.repeatable() == Repeat::Safe));
    assert!(all_writes("a").iter().all(|request| request.repeatable() == Repeat::Never));
}

#[test]
fn an_invitation_that_leads_nowhere_is_not_made() {
    let invite = |apps| Operation::InviteUser {
        email: Email::parse("x@acme.com").unwrap(),
        apps,
        name: None,
        groups: vec![],
        defaults: Vec::new(),
        sends_mail: false,
    };
    for apps in [vec![], vec![App::new("jira-software")]] {
        let made = request(&invite(apps), &MadeIds::default(), &place("o"), &SurfaceIds::default());
        assert!(made.unwrap_err().help().unwrap().contains("let Jira invite"));
    }
}

#[test]
fn a_role_in_an_app_without_a_resource_is_not_assigned() {
    let access = Access { app: App::new("jira-software"), role: Role::new("user") };
    let assign = Operation::AssignRole { group: Ref::Known(GroupId::new("g")), access };
    let made = request(&assign, &MadeIds::default(), &place("o"), &SurfaceIds::default());
    assert!(made.is_err());
}

#[test]
fn hostile_ids_stay_in_their_place() {
    let both = |id: &str| all_reads(id).into_iter().chain(all_writes(id)).collect::<Vec<_>>();
    let shape = |target: &str| {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        (path.matches('/').count(), query.matches(['&', '=']).count())
    };
    for hostile in HOSTILE {
        for (request, plain) in both(hostile).iter().zip(both("a")) {
            let target = request.target().unwrap();
            assert!(target.is_ascii() && !target.contains([' ', '#', '\r', '\n']), "{target}");
            assert_eq!(shape(&target), shape(&plain.target().unwrap()), "{target}");
            assert_eq!(request.to_string(), plain.to_string(), "no id is shown");
        }
    }
    for dropped in ["", ".", ".."] {
        let refused = both(dropped).iter().filter(|request| request.target().is_err()).count();
        assert_eq!(refused, both("a").len(), "{dropped:?}");
    }
}

fn specification(name: &str) -> Option<Value> {
    let file = format!("shared/openapi/{name}.json");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = root.ancestors().find_map(|folder| std::fs::read_to_string(folder.join(&file)).ok())?;
    Some(serde_json::from_str(&text).unwrap())
}

/// What a reference leads to, as far as one.
fn resolved<'a>(specification: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => specification.pointer(&reference[1..]).unwrap(),
        None => value,
    }
}

/// That a body has what is required, nothing that is not documented, and lists of the documented lengths and words.
fn fits(specification: &Value, schema: &Value, sent: &Value, of: &Request) {
    let sent = sent.as_object().unwrap();
    let required = schema["required"].as_array().into_iter().flatten();
    assert!(required.into_iter().all(|name| sent.contains_key(name.as_str().unwrap())), "{of}");
    for (name, value) in sent {
        let documented = &schema["properties"][name];
        let documented = resolved(specification, documented);
        assert!(documented.is_object(), "{of}: {name}");
        let kind = match value {
            Value::Array(_) => "array",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Object(_) | Value::Null => "object",
        };
        assert_eq!(documented["type"], kind, "{of}: {name}");
        for item in value.as_array().into_iter().flatten() {
            let words = resolved(specification, &documented["items"])["enum"].as_array();
            assert!(words.is_none_or(|words| words.contains(item)), "{of}: {name}: {item}");
        }
        assert!(
            documented["maximum"].as_i64().is_none_or(|most| value.as_i64().is_none_or(|sent| sent <= most))
        );
    }
}

#[test]
fn every_request_is_in_its_specification() {
    let (Some(organization), Some(management)) =
        (specification("organization.users-groups"), specification("user-management"))
    else {
        println!("skipped: there are no OpenAPI files next to the project");
        return;
    };
    for request in all_reads("a").into_iter().chain(all_writes("a")) {
        let (specification, path) = match request.route().strip_prefix("/admin") {
            Some(path) => (&organization, path),
            None => (&management, request.route()),
        };
        let method = request.method().as_str().to_ascii_lowercase();
        let operation = &specification["paths"][path][&method];
        assert!(operation.is_object(), "{request}");
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let documented: Vec<&str> =
            parameters.map(|value| resolved(specification, value)["name"].as_str().unwrap()).collect();
        let target = request.target().unwrap();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        for name in query.split('&').filter_map(|pair| Some(pair.split_once('=')?.0)) {
            assert!(documented.contains(&name), "{request}: {name}");
        }
        let schema =
            resolved(specification, &operation["requestBody"]["content"]["application/json"]["schema"]);
        match request.payload() {
            Body::Json(sent) => fits(specification, schema, sent, &request),
            Body::Empty | Body::Secret { .. } => assert!(schema.is_null(), "{request}: it needs a body"),
        }
    }
}
