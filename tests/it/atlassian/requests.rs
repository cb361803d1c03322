//! Requests as values: what is sent for each read and each operation, and that no id leaves its place.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use rollbook::atlassian::jira::{reads, request};
use rollbook::atlassian::{Body, Host, MadeIds, Repeat, Request, RequestError};
use rollbook::model::{AccountId, App, Email, GroupId, GroupName, Listing, Membership, Operation, Ref, Rows};

use crate::atlassian::contract::{Asked, contract};

/// Names and ids that would mean something in a URL if they could get there.
const HOSTILE: [&str; 10] = [
    "a/b",
    "a?b=c&groupId=d",
    "a#b",
    "..",
    "../../admin",
    "100%",
    "%2e%2e",
    "a b+c",
    "grün",
    "712020:5e1f\r\nHost: evil",
];

fn membership(group: &str, account: &str) -> Membership {
    let listing = Listing::checked(Rows { rows: vec![AccountId::new(account)], total: Some(1), ended: true });
    listing.unwrap().memberships(&GroupId::new(group)).next().unwrap()
}

fn shown(request: &Request) -> String {
    let body = match request.payload() {
        Body::Empty => String::new(),
        Body::Json(value) => format!(" {value}"),
        Body::Secret { .. } => " secret".to_owned(),
    };
    let repeat = request.repeatable();
    format!("{} {}{body} [{repeat:?}]", request.method(), request.target().unwrap())
}

fn all_reads(id: &str) -> Vec<Request> {
    vec![
        reads::groups(0),
        reads::site_admin_groups(50),
        reads::admin_groups(0),
        reads::members(&GroupId::new(id), 100),
        reads::users(999, 1000),
        reads::accounts(&[AccountId::new(id), AccountId::new("b")], 0),
        reads::groups_of(&AccountId::new(id)),
        reads::group_picker(&GroupName::new(id)),
        reads::app_roles(),
        reads::myself(),
        reads::permissions("ADMINISTER"),
    ]
}

fn all_writes(id: &str) -> Vec<Request> {
    [
        Operation::CreateGroup { name: GroupName::new(id), description: None },
        Operation::InviteUser {
            email: Email::parse("Ada+jira@acme.com").unwrap(),
            apps: vec![App::new("jira-software")],
            name: None,
            groups: vec![],
            defaults: Vec::new(),
            sends_mail: true,
        },
        Operation::InviteUser {
            email: Email::parse("x@acme.com").unwrap(),
            apps: vec![],
            name: None,
            groups: vec![],
            defaults: Vec::new(),
            sends_mail: false,
        },
        Operation::AddMember { group: Ref::Known(GroupId::new(id)), account: Ref::Known(AccountId::new(id)) },
        Operation::RemoveMember { membership: membership(id, id) },
        Operation::RemoveUser { account: AccountId::new(id), memberships: vec![], was_active: true },
        Operation::DeleteGroup { group: GroupId::new(id), members: vec![] },
    ]
    .iter()
    .map(|operation| request(operation, &MadeIds::default()).unwrap())
    .collect()
}

#[test]
fn every_request_of_the_surface() {
    let requests: Vec<_> = all_reads("712020:a").into_iter().chain(all_writes("712020:a")).collect();
    insta::assert_snapshot!(requests.iter().map(shown).collect::<Vec<_>>().join("\n"));
    assert!(requests.iter().all(|request| request.host() == Host::Jira));
}

#[test]
fn no_write_is_repeatable_and_every_read_is() {
    assert!(all_reads("a").iter().all(|request| request.repeatable() == Repeat::Safe));
    assert!(all_writes("a").iter().all(|request| request.repeatable() == Repeat::Never));
}

#[test]
fn hostile_ids_stay_in_their_parameter() {
    let plain: Vec<_> = all_reads("a").into_iter().chain(all_writes("a")).collect();
    for hostile in HOSTILE {
        let requests = all_reads(hostile).into_iter().chain(all_writes(hostile));
        for (request, plain) in requests.zip(&plain) {
            let target = request.target().unwrap();
            let plain = plain.target().unwrap();
            assert!(target.is_ascii() && !target.contains([' ', '#', '\r', '\n']), "{target}");
            // The same path, and the same parameters in the same order.
            let names = |target: &str| -> Vec<String> {
                target.split(['?', '&']).map(|part| part.split('=').next().unwrap().to_owned()).collect()
            };
            assert_eq!(names(&target), names(&plain), "{hostile}");
            // What the server decodes is what was meant.
            let decoded = percent_encoding::percent_decode_str(&target).decode_utf8().unwrap();
            let meant = plain.split(['?', '&']).any(|part| part.ends_with("=a")).then_some(hostile);
            assert!(meant.is_none_or(|meant| decoded.contains(meant)), "{target}");
        }
    }
}

#[test]
fn hostile_ids_stay_in_their_segment() {
    let route = "/admin/v2/orgs/{org}/directories/{directory}";
    for hostile in HOSTILE.iter().filter(|text| **text != "..") {
        let request = Request::read(Host::Jira, route).segment(*hostile).segment("d").query("q", *hostile);
        let target = request.target().unwrap();
        let (path, query) = target.split_once('?').unwrap();
        let parts: Vec<_> = path.split('/').collect();
        assert_eq!(parts.len(), 7, "{target}");
        assert_eq!((parts[3], parts[5], parts[6]), ("orgs", "directories", "d"), "{target}");
        assert!(!query.contains(['/', '?', '#', '&']), "{target}");
        assert_eq!(request.to_string(), format!("GET {route}"), "no id is shown");
    }
}

#[test]
fn a_segment_that_url_parsers_drop_is_refused() {
    for dropped in ["", ".", ".."] {
        let request = Request::read(Host::Jira, "/orgs/{org}/x").segment(dropped);
        assert_eq!(request.target(), Err(RequestError::Segment(dropped.to_owned())));
    }
    let route = "/orgs/{org}/x";
    let places = Err(RequestError::Places(route));
    assert_eq!(Request::read(Host::Jira, route).target(), places);
    assert_eq!(Request::read(Host::Jira, route).segment("a").segment("b").target(), places);
}

#[test]
fn every_request_is_in_the_specification() {
    let Some(contract) = contract() else { return };
    for request in all_reads("a").into_iter().chain(all_writes("a")) {
        let body = match request.payload() {
            Body::Json(value) => value.to_string(),
            Body::Empty | Body::Secret { .. } => String::new(),
        };
        let asked = Asked::of(request.method().as_str(), &request.target().unwrap(), &body);
        assert_eq!(contract.request(&asked), Vec::<String>::new(), "{asked}");
    }
}
