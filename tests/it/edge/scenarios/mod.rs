//! Scenarios from end to end over every surface: a tree and a sandbox, the plan, the whole state after it, and a
//! second plan that has nothing to do.

mod admins;
mod back;
mod counts;
mod each_read;
mod every_read;
mod grants;
mod identity;
mod invite;
mod leave;
mod look;
mod provision;
mod real;
mod replaced;
mod seats;
mod sources;
mod synced;

use std::sync::Arc;

use axum::Router;
use rollbook::atlassian::{
    Client, Credential, Endpoints, Jira, Management, Options, Organization, Overrides, Scim, Surfaces,
    TokenKind,
};
use rollbook::model::{Authority, Declaration, Plan, Tree};
use rollbook::sandbox::{self, RequestLog, Sandbox, Seed, State};

use super::site::{self, ROOT, declared, told};
use look::{difference, lines};

/// The credentials that a scenario has.
#[derive(Clone, Copy, Debug, Default)]
struct Keys {
    jira: bool,
    organization: bool,
    scim: bool,
}

const JIRA: Keys = Keys { jira: true, organization: false, scim: false };
const ORGANIZATION: Keys = Keys { jira: false, organization: true, scim: false };
const BOTH: Keys = Keys { jira: true, organization: true, scim: false };
const ALL: Keys = Keys { jira: true, organization: true, scim: true };

/// What every seed begins with: an organization whose domain is verified, an administrator, and their credentials.
const HEAD: &str = "
site: { name: acme }
organization: { id: org, directory: dir, scim-directory: scim-dir, domains: [acme.com] }
credentials:
  - basic: { account: root@acme.com, token: token }
  - org-api-key: { key: org-key, account: root@acme.com }
  - scim-api-key: { key: scim-key }
";

/// What every tree begins with, with the authority over the SCIM directory.
fn head(authority: &str) -> String {
    format!(
        "version: 1
site: https://acme.atlassian.net
organization: org
operator: {ROOT}
scim: {{ directory: scim-dir, authority: {authority} }}
"
    )
}

/// A sandbox and the credentials to it.
struct Scene {
    sandbox: Sandbox,
    keys: Keys,
    authority: &'static str,
}

impl Scene {
    /// A sandbox of a seed, which follows [`HEAD`]; to it root is added, who administers site and organization.
    fn of(seed: &str, keys: Keys) -> Self {
        Self::seeded(&Seed::parse(&format!("{HEAD}{}", with_root(seed))).unwrap(), keys)
    }

    fn seeded(seed: &Seed, keys: Keys) -> Self {
        let sandbox = Sandbox::new(seed, &sandbox::Options::default()).unwrap();
        Self { sandbox, keys, authority: "rollbook" }
    }

    /// Lets the identity provider be the one who writes to the SCIM directory.
    fn read_only_directory(self) -> Self {
        Self { authority: "identity-provider", ..self }
    }

    fn tree(&self, text: &str) -> Tree {
        site::tree(&[("rollbook.yaml", &format!("{}{text}", head(self.authority)))])
    }

    /// Surfaces as a run of Rollbook has them.
    fn surfaces(&self) -> Surfaces {
        self.surfaces_behind(&self.sandbox.router())
    }

    /// Surfaces whose requests go through a router in front of the sandbox.
    fn surfaces_behind(&self, router: &Router) -> Surfaces {
        let client = |credential: Credential| {
            let endpoints = Endpoints::new("https://acme.atlassian.net", &Overrides::default()).unwrap();
            let options = Options { seed: 7, ..Options::default() };
            Client::in_process(router.clone(), endpoints, credential, options).unwrap()
        };
        let mut surfaces = Surfaces::default();
        if self.keys.jira {
            let token = "token".to_owned().into();
            let basic = Credential::Basic { email: ROOT.into(), token, kind: TokenKind::Classic };
            surfaces.jira = Some(Jira::new(client(basic)));
        }
        if self.keys.organization {
            let client = Arc::new(client(Credential::ApiKey("org-key".to_owned().into())));
            surfaces.organization = Some(Organization::new(Arc::clone(&client), "org", None));
            surfaces.management = Some(Management::new(client));
        }
        if self.keys.scim {
            let client = client(Credential::DirectoryKey("scim-key".to_owned().into()));
            let authority = match self.authority {
                "rollbook" => Authority::Rollbook,
                _ => Authority::IdentityProvider,
            };
            surfaces.scim = Some(Scim::new(Arc::new(client), "scim-dir", authority));
        }
        surfaces
    }

    async fn plan(&self, tree: &str) -> Plan {
        self.plan_tree(&self.tree(tree)).await
    }

    async fn plan_tree(&self, tree: &Tree) -> Plan {
        let declaration: Declaration = declared(tree);
        site::plan_of(&self.surfaces(), tree, &declaration).await.unwrap()
    }

    /// Carries a plan out, of which everything must be seen, and says what has changed in the whole state.
    async fn apply(&self, plan: &Plan) -> String {
        let before = self.sandbox.state();
        let report = site::apply(&self.surfaces(), plan, 10).await;
        let unseen: Vec<String> =
            told(&report).into_iter().filter(|outcome| !outcome.ends_with(": seen")).collect();
        assert_eq!(unseen, Vec::<String>::new(), "everything is seen");
        assert_eq!(report.outcomes.len(), plan.operations.len());
        difference(&before, &self.sandbox.state())
    }

    /// Plans, applies and plans again: the plan, what changed, and nothing that is left to do but what was blocked.
    async fn runs(&self, tree: &str, expected_plan: &str, expected_change: &str) {
        let plan = self.plan(tree).await;
        same(&lines(&plan), expected_plan);
        same(&self.apply(&plan).await, expected_change);
        self.is_done(tree, &plan).await;
    }

    async fn is_done(&self, tree: &str, plan: &Plan) {
        let second = self.plan(tree).await;
        assert_eq!(lines(&second), blocked(plan), "nothing is left but what was blocked");
    }

    fn state(&self) -> State {
        self.sandbox.state()
    }

    fn requests(&self) -> RequestLog {
        self.sandbox.requests()
    }
}

/// What of a plan stays when all that can be done is done.
fn blocked(plan: &Plan) -> String {
    lines(&Plan { operations: Vec::new(), ..plan.clone() })
}

/// Adds root and the group of site administrators, where the seed does not say otherwise.
fn with_root(seed: &str) -> String {
    if seed.contains(ROOT) {
        return seed.to_owned();
    }
    let user = format!("users:\n  - {{ email: {ROOT}, roles: [org-admin] }}\n");
    let group = format!("groups:\n  - {{ name: site-admins, site-admin: true, members: [{ROOT}] }}\n");
    let (mut seed, mut tail) = (seed.to_owned(), String::new());
    for (key, text) in [("users:\n", user), ("groups:\n", group)] {
        if seed.contains(key) {
            seed = seed.replacen(key, &text, 1);
        } else {
            tail.push_str(&text);
        }
    }
    format!("{seed}{tail}")
}

/// Compares lines, whatever their indentation in the test.
fn same(got: &str, expected: &str) {
    let trim = |text: &str| text.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert_eq!(trim(got), trim(expected), "\n--- got:\n{got}\n---");
}
