//! What is asked of a peer: every read and every write of the four surfaces.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use rollbook::atlassian::scim::Known;
use rollbook::atlassian::{
    Client, Credential, Endpoints, Error, Jira, MadeIds, Management, Options, Organization, Overrides, Scim,
    Sending, TokenKind, WriteOutcome,
};
use rollbook::model::{
    AccountId, Authority, Email, GroupId, GroupName, Inactive, Listing, Operation, PlatformRole, Ref, Rows,
    ScimId, SurfaceIds,
};

use super::script::{EMAIL, Script};

/// The result of a call.
pub(super) enum Called {
    /// A read brought something.
    Read,
    /// Something was said, and it is not a failure.
    OperationHistory(String),
    /// A write was done, or a question was answered.
    Done,
    /// It failed.
    Failed(Error),
}

type Call = for<'a> fn(&'a Peer) -> Pin<Box<dyn Future<Output = Called> + 'a>>;

/// A peer, and how it is spoken to.
pub(super) struct Peer {
    script: Arc<Script>,
}

macro_rules! calls {
    ($($name:ident: |$peer:ident| $call:expr;)*) => {
        /// Every call by its name.
        pub(super) const CALLS: &[(&str, Call)] =
            &[$((stringify!($name), |$peer| Box::pin(async move { Called::from($call) }))),*];
    };
}

calls! {
    jira_groups: |peer| peer.jira().groups().await;
    jira_members: |peer| peer.jira().members(&group()).await;
    jira_users: |peer| peer.jira().users().await;
    jira_accounts: |peer| peer.jira().accounts(&[account(), AccountId::new("b")]).await;
    jira_groups_of: |peer| peer.jira().groups_of(&account()).await;
    jira_group_kind: |peer| peer.jira().group_kind(&group(), &GroupName::new("g")).await;
    jira_app_roles: |peer| Answer(peer.jira().app_roles().await);
    jira_rights: |peer| peer.jira().rights().await;
    oauth: |peer| peer.service_account().groups_of(&account()).await;
    directories: |peer| peer.organization(None).directories().await;
    place: |peer| peer.organization(None).place().await.cloned();
    find_by_email: |peer| peer.organization(Some("d")).find_by_email(&[email()]).await;
    everybody: |peer| peer.organization(Some("d")).everybody().await;
    with_role: |peer| peer.organization(Some("d")).with_role(&PlatformRole::OrganizationAdmin).await;
    users_of_groups: |peer| peer.organization(Some("d")).users_of_groups(&[group()]).await;
    groups: |peer| peer.organization(Some("d")).groups(None).await;
    groups_named: |peer| peer.organization(Some("d")).groups(Some(&[GroupName::new("g")])).await;
    groups_by_id: |peer| peer.organization(Some("d")).groups_by_id(&[group()]).await;
    groups_of: |peer| peer.organization(Some("d")).groups_of(&account()).await;
    groups_of_all: |peer| peer.organization(Some("d")).groups_of_all(&[account()]).await;
    verified_domains: |peer| peer.organization(Some("d")).verified_domains().await;
    resources: |peer| peer.organization(Some("d")).resources("acme.atlassian.net").await;
    privileges: |peer| Answer(peer.management().privileges(&account()).await);
    scim_users: |peer| peer.scim().users().await;
    scim_groups: |peer| peer.scim().groups().await;
    scim_user_named: |peer| peer.scim().user_named(&email()).await;
    scim_user: |peer| peer.scim().user(&ScimId::new("s")).await;
    scim_group_named: |peer| peer.scim().group_named(&GroupName::new("g")).await;
    scim_group: |peer| peer.scim().group(&ScimId::new("s")).await;
    jira_create: |peer| peer.by_jira(&create()).await;
    jira_invite: |peer| peer.by_jira(&invite()).await;
    jira_add: |peer| peer.by_jira(&add()).await;
    jira_remove: |peer| peer.by_jira(&remove()).await;
    create: |peer| peer.by_organization(&create()).await;
    invite: |peer| peer.by_organization(&invite()).await;
    add: |peer| peer.by_organization(&add()).await;
    remove: |peer| peer.by_organization(&remove()).await;
    suspend: |peer| peer.by_organization(&Operation::SuspendUser { account: account(), memberships: vec![] }).await;
    deactivate: |peer| peer.management().write(&deactivate(), &mut Sending::default()).await;
    scim_create: |peer| peer.by_scim(&create()).await;
    scim_invite: |peer| peer.by_scim(&invite()).await;
    scim_add: |peer| peer.by_scim(&add()).await;
    scim_deactivate: |peer| peer.by_scim(&deactivate()).await;
    scim_activate: |peer| peer.by_scim(&activate()).await;
}

/// An answer that may be taken from a refusal.
struct Answer<T>(Result<T, Error>);

impl<T> From<Answer<T>> for Called {
    fn from(Answer(answered): Answer<T>) -> Self {
        answered.map_or_else(Self::Failed, |_| Self::Done)
    }
}

impl<T: Readable> From<Result<T, Error>> for Called {
    fn from(read: Result<T, Error>) -> Self {
        read.map_or_else(Self::Failed, T::called)
    }
}

/// What a call gives where it does not fail.
trait Readable: Sized {
    fn called(self) -> Called {
        Called::Read
    }
}

macro_rules! readable {
    ($($of:ty),* $(,)?) => { $(impl Readable for $of {})* };
}

impl<A, B> Readable for (A, B) {}
impl<T: Ord> Readable for Listing<T> {}
impl<T> Readable for Vec<T> {}
impl<T> Readable for Option<T> {}
impl<K, V> Readable for std::collections::BTreeMap<K, V> {}
impl<T> Readable for std::collections::BTreeSet<T> {}
readable!(
    rollbook::model::JiraRights,
    rollbook::atlassian::organization::Place,
    rollbook::model::ScimUser,
    rollbook::model::ScimGroup,
);

impl Readable for WriteOutcome {
    fn called(self) -> Called {
        match self {
            Self::Done { .. } => Called::Done,
            Self::ReportedUnchanged { text } => Called::OperationHistory(text),
            Self::Refused(error) => Called::Failed(error),
        }
    }
}

fn account() -> AccountId {
    AccountId::new("a")
}

fn group() -> GroupId {
    GroupId::new("g")
}

fn email() -> Email {
    Email::parse("ada@acme.com").expect("it is one")
}

fn create() -> Operation {
    Operation::CreateGroup { name: GroupName::new("g"), description: None }
}

fn invite() -> Operation {
    Operation::InviteUser {
        email: email(),
        name: None,
        apps: vec![],
        groups: vec![Ref::Known(group())],
        defaults: Vec::new(),
        sends_mail: false,
    }
}

fn add() -> Operation {
    Operation::AddMember { group: Ref::Known(group()), account: Ref::Known(account()) }
}

fn remove() -> Operation {
    let listing = Listing::checked(Rows { rows: vec![account()], total: Some(1), ended: true });
    let membership = listing.expect("one row fits one").memberships(&group()).next();
    Operation::RemoveMember { membership: membership.expect("there is one") }
}

fn deactivate() -> Operation {
    Operation::DeactivateUser { account: account(), memberships: vec![] }
}

fn activate() -> Operation {
    Operation::ActivateUser { account: account(), from: Inactive::Deactivated, memberships: vec![] }
}

impl Peer {
    pub(super) fn of(script: &Arc<Script>) -> Self {
        Self { script: Arc::clone(script) }
    }

    fn client(&self, credential: Credential) -> Client {
        let endpoints = Endpoints::new("https://acme.atlassian.net", &Overrides::default());
        let now = || "2026-11-22T10:00:00Z".parse().expect("it is a moment");
        let options = Options { seed: 7, wall: now, max_body: 64 * 1024, ..Options::default() };
        let endpoints = endpoints.expect("it is a site");
        Client::in_process(self.script.router(), endpoints, credential, options).expect("it can be sent")
    }

    fn jira(&self) -> Jira {
        let (email, token) = (EMAIL.to_owned(), self.script.secret.clone().into());
        Jira::new(self.client(Credential::Basic { email, token, kind: TokenKind::Classic }))
    }

    /// Jira, by an access token that is got first.
    fn service_account(&self) -> Jira {
        let (id, secret) = ("client".to_owned(), self.script.secret.clone().into());
        Jira::new(self.client(Credential::ClientCredentials { id, secret }))
    }

    fn organization(&self, directory: Option<&str>) -> Organization {
        let client = self.client(Credential::ApiKey(self.script.secret.clone().into()));
        Organization::new(client.into(), "o", directory.map(str::to_owned))
    }

    fn management(&self) -> Management {
        Management::new(self.client(Credential::ApiKey(self.script.secret.clone().into())).into())
    }

    fn scim(&self) -> Scim {
        let client = self.client(Credential::DirectoryKey(self.script.secret.clone().into()));
        Scim::new(client.into(), "d", Authority::Rollbook)
    }

    async fn by_jira(&self, operation: &Operation) -> Result<WriteOutcome, Error> {
        self.jira().write(operation, &MadeIds::default(), &mut Sending::default()).await
    }

    async fn by_organization(&self, operation: &Operation) -> Result<WriteOutcome, Error> {
        let (made, ids) = (MadeIds::default(), SurfaceIds::default());
        self.organization(Some("d")).write(operation, &made, &ids, &mut Sending::default()).await
    }

    async fn by_scim(&self, operation: &Operation) -> Result<WriteOutcome, Error> {
        let ids = SurfaceIds {
            scim_users: [(account(), ScimId::new("su"))].into(),
            scim_groups: [(group(), ScimId::new("sg"))].into(),
            ..SurfaceIds::default()
        };
        let made = MadeIds::default();
        let known = Known { ids: &ids, made: &made };
        self.scim().write(operation, known, &mut Sending::default()).await
    }
}
