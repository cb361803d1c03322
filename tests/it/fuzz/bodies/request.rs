//! Hostile ids, names and addresses in requests: another parser of URLs must read them as they were meant.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use rollbook::atlassian::organization::{self, Place};
use rollbook::atlassian::scim::{self, NewUser, RemoveShape};
use rollbook::atlassian::{
    CloudId, Endpoints, Host, MadeIds, Overrides, Request, RequestError, jira, management,
};
use rollbook::model::{
    AccountId, App, Email, GroupId, GroupName, Inactive, Listing, Membership, Operation, PlatformRole, Ref,
    Rows, ScimId, SurfaceIds,
};
use url::{Position, Url};

use super::parts::Parts;

/// A route with every kind of place.
const ROUTE: &str = "/admin/v2/orgs/{orgId}/groups/{groupId}/x";

pub(super) fn run(data: &[u8]) {
    let parts = Parts::of(data);
    host(parts.get(0));
    assert_eq!(CloudId::parse(parts.get(0)).is_ok(), is_plain_id(parts.get(0)));
    values(parts.get(0), parts.get(1), parts.get(2));
    let (id, name) = (parts.get(0), parts.get(1));
    let hostile = all(&Ids::of(id, name, parts.get(2)));
    PLAIN.with(|plain| {
        assert_eq!(hostile.len(), plain.len());
        for (hostile, (plain, url)) in hostile.iter().zip(plain) {
            like(hostile, plain, url);
        }
    });
}

thread_local! {
    /// The same requests of plain ids, with their URLs.
    static PLAIN: Vec<(Request, Url)> = all(&Ids::of("plain", "plain", "a@acme.com"))
        .into_iter()
        .map(|request| (request.clone(), parsed(&request.target().expect("it is plain"))))
        .collect();
}

fn is_plain_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A site that is taken on the tree's word alone is one of Atlassian's, by the other parser too.
fn host(site: &str) {
    let Ok(endpoints) = Endpoints::new(site, &Overrides::default()) else { return };
    // What this parser refuses cannot be sent: it is the client's own, such as for `xn--` and no name behind it.
    let Ok(url) = Url::parse(site) else { return };
    let name = url.host_str().expect("it has a host");
    assert_eq!(&url[Position::BeforeHost..Position::AfterPort], endpoints.site_name(), "{site:?}");
    assert_eq!(url[Position::BeforeUsername..Position::BeforeHost], *"", "{site:?}");
    assert_eq!(&url[Position::BeforePath..], "/", "{site:?}");
    let atlassian = [".atlassian.net", ".atlassian-us-gov-mod.net"].iter().any(|end| name.ends_with(end));
    assert!(atlassian && url.scheme() == "https" && url.port().is_none(), "{site:?}");
}

/// Every value that was given comes out of the URL as it was, and nothing else does.
fn values(one: &str, two: &str, three: &str) {
    let request =
        Request::read(Host::Admin, ROUTE).segment(one).segment(two).query("q", three).query("r", one);
    let dropped = [one, two].into_iter().find(|text| ["", ".", ".."].contains(text));
    let target = match (request.target(), dropped) {
        (Ok(target), None) => target,
        (Err(RequestError::Segment(text)), Some(dropped)) => return assert_eq!(text, dropped),
        (other, _) => panic!("{other:?} for {one:?} and {two:?}"),
    };
    let url = parsed(&target);
    let segments: Vec<String> = url.path_segments().expect("it has a path").map(decoded).collect();
    assert_eq!(segments, ["admin", "v2", "orgs", one, "groups", two, "x"], "{target}");
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let meant = [("q", three), ("r", one)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(pairs, meant, "{target}");
    assert_eq!(request.to_string(), format!("GET {ROUTE}"), "no id is shown");
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8().expect("it is text").into_owned()
}

/// The URL of a target, which the parser that sends and another one read alike.
fn parsed(target: &str) -> Url {
    let whole = format!("https://acme.atlassian.net{target}");
    let url = Url::parse(&whole).unwrap_or_else(|error| panic!("{whole:?}: {error}"));
    assert_eq!(url.host_str(), Some("acme.atlassian.net"), "{whole:?}");
    assert_eq!(url.as_str(), whole, "the other parser changes nothing");
    assert_eq!((url.fragment(), url.username(), url.password(), url.port()), (None, "", None, None));
    let sent: http::Uri = whole.parse().unwrap_or_else(|error| panic!("{whole:?}: {error}"));
    assert_eq!(sent.host(), url.host_str());
    assert_eq!((sent.path(), sent.query()), (url.path(), url.query()), "{whole:?}");
    url
}

/// A request of hostile ids goes where the same request of plain ids does.
fn like(hostile: &Request, plain: &Request, plain_url: &Url) {
    assert_eq!(
        (hostile.method(), hostile.host(), hostile.route()),
        (plain.method(), plain.host(), plain.route())
    );
    let Ok(target) = hostile.target() else { return };
    let url = parsed(&target);
    let shape = |url: &Url| {
        let path: Vec<String> = url.path_segments().expect("it has a path").map(str::to_owned).collect();
        let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        (path, names)
    };
    let ((path, names), (plain_path, plain_names)) = (shape(&url), shape(plain_url));
    assert_eq!((path.len(), names), (plain_path.len(), plain_names), "{target}");
    for (index, place) in hostile.route().split('/').skip(1).enumerate() {
        let stays = place.starts_with('{') || path[index] == plain_path[index];
        assert!(stays && !path[index].is_empty(), "{target}");
    }
}

/// What requests are made of.
struct Ids {
    id: String,
    name: String,
    email: Email,
    membership: Membership,
    resources: SurfaceIds,
}

impl Ids {
    fn of(id: &str, name: &str, email: &str) -> Self {
        let listing = Listing::checked(Rows { rows: vec![AccountId::new(id)], total: Some(1), ended: true });
        let listing = listing.expect("one row fits one");
        let membership = listing.memberships(&GroupId::new(name)).next().expect("there is one");
        let email = Email::parse(email).or_else(|_| Email::parse("a@acme.com")).expect("the second is one");
        let resources = SurfaceIds {
            resources: BTreeMap::from([(App::new(name), id.to_owned())]),
            ..SurfaceIds::default()
        };
        Self { id: id.into(), name: name.into(), email, membership, resources }
    }

    fn place(&self) -> Place {
        Place { organization: self.id.clone(), directory: self.name.clone() }
    }
}

fn all(ids: &Ids) -> Vec<Request> {
    [of_jira(ids), of_organization(ids), of_scim(ids), of_operations(ids)].concat()
}

fn of_jira(ids: &Ids) -> Vec<Request> {
    use jira::reads;
    let (account, group) = (AccountId::new(&ids.id), GroupId::new(&ids.name));
    vec![
        reads::members(&group, 50),
        reads::accounts(&[account.clone(), AccountId::new(&ids.name)], 0),
        reads::groups_of(&account),
        reads::group_picker(&GroupName::new(&ids.name)),
        reads::permissions(&ids.name),
    ]
}

fn of_organization(ids: &Ids) -> Vec<Request> {
    use organization::reads;
    let place = ids.place();
    let (account, group) = ([AccountId::new(&ids.id)], [GroupId::new(&ids.name)]);
    let emails = std::slice::from_ref(&ids.email);
    vec![
        reads::directories(&ids.id, Some(&ids.name)),
        reads::domains(&ids.id, Some(&ids.name)),
        reads::workspaces(&ids.id, Some(&ids.name)),
        reads::everybody(&place, Some(&ids.name)),
        reads::by_email(&ids.id, emails, None),
        reads::with_role(&ids.id, &PlatformRole::Other(ids.name.clone()), None),
        reads::members_of(&place, &group, None),
        reads::memberships_of(&place, &account, None),
        reads::groups(&place, Some(&[GroupName::new(&ids.name)]), None),
        reads::groups_by_id(&place, &group, None),
        reads::groups_of(&place, &account[0], None),
        management::privileges(&account[0]),
    ]
}

fn of_scim(ids: &Ids) -> Vec<Request> {
    let (directory, id, name) = (&ids.id, ScimId::new(&ids.name), GroupName::new(&ids.name));
    vec![
        scim::users(directory, 1),
        scim::groups(directory, 1),
        scim::user_named(directory, &ids.name, 1),
        scim::user(directory, &id),
        scim::group_named(directory, &name, 1),
        scim::group(directory, &id),
        scim::create_user(directory, NewUser { email: &ids.email, name: &ids.name, active: true }),
        scim::create_group(directory, &name),
        scim::set_active(directory, &id, false),
        scim::set_name(directory, &id, &ids.name),
        scim::add_members(directory, &id, std::slice::from_ref(&id)),
        scim::remove_member(directory, &id, &id, RemoveShape::Filter),
        scim::delete_group(directory, &id),
    ]
}

/// Every operation by every surface that can carry it out.
fn of_operations(ids: &Ids) -> Vec<Request> {
    let (account, group) = (AccountId::new(&ids.id), GroupId::new(&ids.name));
    let activate = |from| Operation::ActivateUser { account: account.clone(), from, memberships: vec![] };
    let operations = [
        Operation::CreateGroup { name: GroupName::new(&ids.name), description: Some(ids.name.clone()) },
        Operation::InviteUser {
            email: ids.email.clone(),
            name: Some(ids.name.clone()),
            apps: vec![App::new(&ids.name)],
            groups: vec![Ref::Known(group.clone())],
            defaults: Vec::new(),
            sends_mail: false,
        },
        Operation::AddMember { group: Ref::Known(group.clone()), account: Ref::Known(account.clone()) },
        Operation::RemoveMember { membership: ids.membership.clone() },
        Operation::RemoveUser { account: account.clone(), memberships: vec![], was_active: true },
        Operation::SuspendUser { account: account.clone(), memberships: vec![] },
        Operation::DeactivateUser { account: account.clone(), memberships: vec![] },
        activate(Inactive::Suspended),
        activate(Inactive::Deactivated),
        Operation::DeleteGroup { group, members: vec![] },
    ];
    let made = MadeIds::default();
    let mut requests = Vec::new();
    for operation in &operations {
        requests.extend(jira::request(operation, &made));
        requests.extend(organization::request(operation, &made, &ids.place(), &ids.resources));
        requests.extend(management::request(operation));
    }
    requests
}
