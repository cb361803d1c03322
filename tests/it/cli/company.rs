//! A company of 400 people with an identity provider, as it is after ten years: what the pages are tried on.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How many people have an account and use it.
pub(super) const PEOPLE: usize = 400;

/// Teams whose groups somebody made by hand, and how many people are in each.
const TEAMS: [(&str, usize); 24] = [
    ("payments-makers", 9),
    ("payments-checkers", 6),
    ("payments-auditors", 3),
    ("design", 14),
    ("design-research", 5),
    ("platform", 31),
    ("platform-oncall", 8),
    ("data", 22),
    ("data-science", 12),
    ("mobile-ios", 17),
    ("mobile-android", 19),
    ("support", 41),
    ("support-leads", 4),
    ("legal", 7),
    ("finance", 16),
    ("finance-close", 5),
    ("sales", 52),
    ("sales-emea", 21),
    ("sales-apac", 18),
    ("people", 11),
    ("office-lyon", 60),
    ("office-oslo", 44),
    ("release managers", 6),
    ("Müller-Projekt", 8),
];

/// Groups that the identity provider fills.
const SYNCED: usize = 38;

/// The seed of its site. Every tenth person hides their email, every twentieth is of another company; some have left, two of
/// whom were erased, and there are apps, rows without an id, and groups without members.
pub(super) fn seed() -> String {
    let mut users = String::from("users:\n  - { email: root@acme.com, name: Root, roles: [org-admin] }\n");
    let emails: Vec<String> = (0..PEOPLE).map(email).collect();
    for (n, email) in emails.iter().enumerate() {
        let hidden = if n % 10 == 4 { ", hide-email: true" } else { "" };
        let scim = if n % 3 == 0 && n % 20 != 19 { ", scim: {}" } else { "" };
        let _ = writeln!(
            users,
            "  - {{ email: \"{email}\", account-id: \"712020:{n:04}\", name: \"Person {n:03}\"{hidden}{scim} }}"
        );
    }
    for n in 0..20 {
        let _ = writeln!(
            users,
            "  - {{ account-id: \"712020:left-{n}\", email: left{n}@acme.com, active: false }}"
        );
        let _ = writeln!(users, "  - {{ account-id: \"712020:app-{n}\", name: App {n}, type: app }}");
    }
    for n in 0..2 {
        let _ = writeln!(users, "  - {{ account-id: 5be37f8aa430e70fb00dfd0{n}, deletion: done }}");
    }
    let mut groups: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    let everybody = || emails.iter().cloned();
    let mut put = |name: &str, also: &str, members: Vec<String>| {
        groups.insert(name.to_owned(), (also.to_owned(), members));
    };
    put("site-admins", ", site-admin: true", vec!["root@acme.com".into(), email(1)]);
    put("org-admins", "", vec!["root@acme.com".into(), email(2)]);
    let app = ", grants: { jira-software: user }, default-for: [jira-software]";
    put("jira-software-users", app, everybody().chain(["712020:app-0".to_owned()]).collect());
    put("empty-since-2019", "", vec![]);
    put("old-project", "", vec!["5be37f8aa430e70fb00dfd00".into(), "712020:left-3".into(), email(30)]);
    for (at, (name, size)) in TEAMS.iter().enumerate() {
        put(name, "", (0..*size).map(|n| email((at * 13 + n * 7) % PEOPLE)).collect());
    }
    for at in 0..SYNCED {
        let members = (0..12).map(|n| email((at * 11 + n * 3) % PEOPLE)).collect();
        put(&format!("okta-team-{at:02}"), ", managed-by: EXTERNAL, usage: USERBASE_GROUP", members);
    }
    let mut text = format!(
        "site: {{ name: acme }}\norganization: {{ id: org, directory: dir, scim-directory: scim, domains: [acme.com] }}\n\
         apps: [{{ key: jira-software, name: Jira Software, seats: 500 }}]\nunknown-accounts: 2\n{users}groups:\n"
    );
    for (name, (also, mut members)) in groups {
        members.sort();
        members.dedup();
        let members: Vec<String> = members.iter().map(|member| format!("\"{member}\"")).collect();
        let _ = writeln!(text, "  - {{ name: \"{name}\"{also}, members: [{}] }}", members.join(", "));
    }
    text + "credentials:\n  - basic: { account: root@acme.com, token: sandbox-token }\n  - org-api-key: { key: org-key }\n"
}

/// The person who leaves on the page is one of the payments team.
fn email(n: usize) -> String {
    match n {
        7 => "carmen@acme.com".to_owned(),
        n if n % 20 == 19 => format!("p{n:03}@contractor.example"),
        n => format!("p{n:03}@acme.com"),
    }
}
