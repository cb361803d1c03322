//! Trees, and the sites that they describe, of any size.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

const ORGANIZATION: &str = "2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41";
const DIRECTORY: &str = "0b5e7c92-4a6d-4f7e-8c1b-d95a3e60f218";

/// How many groups a file declares.
const GROUPS_A_FILE: usize = 50;

/// The size of a site. Group `g` has the `members` users after the first `g * members` of all of them, wrapping around.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) users: usize,
    pub(crate) groups: usize,
    pub(crate) members: usize,
}

/// A tree and the seed of a site in a separate folder.
pub(crate) struct Scene {
    pub(crate) size: Size,
    folder: TempDir,
}

impl Size {
    pub(crate) fn memberships(self) -> u64 {
        (self.groups * self.members) as u64
    }

    fn users_of(self, group: usize) -> impl Iterator<Item = usize> {
        (0..self.members).map(move |place| (group * self.members + place) % self.users)
    }
}

impl Scene {
    /// Writes a tree, with a lock of every account and group, and the seed of its site, which lacks the last few members of
    /// each group.
    pub(crate) fn new(size: Size, missing: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scene = Self { size, folder };
        fs::create_dir_all(scene.tree().join("groups")).unwrap();
        let root = format!(
            "version: 1\nsite: https://acme.atlassian.net\norganization: {ORGANIZATION}\ndirectory: {DIRECTORY}\n\
             policy: {{ mode: exact }}\n"
        );
        fs::write(scene.tree().join("rollbook.yaml"), root).unwrap();
        for start in (0..size.groups).step_by(GROUPS_A_FILE) {
            let groups = start..size.groups.min(start + GROUPS_A_FILE);
            fs::write(scene.tree().join(format!("groups/{start:06}.yaml")), declared(size, groups)).unwrap();
        }
        fs::write(scene.tree().join("rollbook.lock"), lock(size)).unwrap();
        fs::write(scene.seed(), seed(size, missing)).unwrap();
        scene
    }

    /// The tree's folder.
    pub(crate) fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    /// The seed of the sandbox.
    pub(crate) fn seed(&self) -> PathBuf {
        self.folder.path().join("sandbox.yaml")
    }

    /// The folder in which a run may write anything.
    pub(crate) fn scratch(&self) -> &Path {
        self.folder.path()
    }

    /// The IDs of all groups.
    pub(crate) fn group_ids(&self) -> Vec<String> {
        (0..self.size.groups).map(group_id).collect()
    }

    /// The group ID and account ID of every membership.
    pub(crate) fn memberships(&self) -> Vec<[String; 2]> {
        let of = |group| self.size.users_of(group).map(move |user| [group_id(group), account_id(user)]);
        (0..self.size.groups).flat_map(of).collect()
    }
}

fn email(user: usize) -> String {
    format!("person.{user:06}@acme.com")
}

/// As Atlassian writes newer ones: a number and a UUID.
fn account_id(user: usize) -> String {
    format!("712020:5e1f0c3a-91b4-4d27-8a6e-{user:012x}")
}

fn group_id(group: usize) -> String {
    format!("276f955c-63d7-42c8-9520-{group:012x}")
}

fn declared(size: Size, groups: std::ops::Range<usize>) -> String {
    let mut text = "groups:\n".to_owned();
    for group in groups {
        writeln!(text, "  team-{group:05}:\n    members:").unwrap();
        for user in size.users_of(group) {
            writeln!(text, "      - {}", email(user)).unwrap();
        }
    }
    text
}

fn lock(size: Size) -> String {
    let mut text = "version: 1\nusers:\n".to_owned();
    for user in 0..size.users {
        writeln!(text, "  {}: {{ account: \"{}\", from: jira }}", email(user), account_id(user)).unwrap();
    }
    text.push_str("groups:\n");
    for group in 0..size.groups {
        writeln!(text, "  team-{group:05}: {{ id: {}, from: jira }}", group_id(group)).unwrap();
    }
    text
}

fn seed(size: Size, missing: usize) -> String {
    let mut text = format!(
        "site: {{ name: acme }}\norganization: {{ id: {ORGANIZATION}, directory: {DIRECTORY}, domains: [acme.com] }}\n\
         users:\n  - {{ email: root@acme.com, account-id: root }}\n"
    );
    for user in 0..size.users {
        writeln!(text, "  - {{ email: {}, account-id: \"{}\" }}", email(user), account_id(user)).unwrap();
    }
    text.push_str("groups:\n  - { name: site-admins, site-admin: true, members: [root] }\n");
    for group in 0..size.groups {
        let members = size.users_of(group).take(size.members.saturating_sub(missing));
        let members = members.map(|user| format!("\"{}\"", account_id(user))).collect::<Vec<_>>().join(", ");
        writeln!(text, "  - {{ name: team-{group:05}, id: {}, members: [{members}] }}", group_id(group))
            .unwrap();
    }
    text.push_str(
        "credentials:\n  - basic: { account: root@acme.com, token: sandbox-token }\n  \
         - org-api-key: { key: sandbox-organization-key, account: root@acme.com }\n",
    );
    text
}
