//! The codes of notes, each with its meaning, for the page that lists them (docs/diagnostics.md).

/// The meaning of each note, by its code.
pub const NOTES: &[(&str, &str)] = &[
    ("absent-already", "A group that the change declares absent is not on the site."),
    (
        "apps-not-shown",
        "Without a credential for Jira, apps and service accounts are not shown, and keep their access.",
    ),
    ("base-not-contained", "The commit that is planned does not contain the base."),
    (
        "default-group-kept",
        "The list of a group leaves out an app whose default group it is, and the app stays.",
    ),
    ("default-groups-unknown", "The default groups of an app that somebody is invited to cannot be read."),
    ("description-unused", "The surface that creates a group takes no description."),
    (
        "direct-role",
        "Somebody holds a role in an app directly, not by a group (`direct-roles: report`): no tree manages it.",
    ),
    ("direct-roles-unknown", "Which roles people hold directly was not asked (`direct-roles: report`)."),
    ("email-changed", "A locked or pinned account has another email on the site now."),
    (
        "exclusive-stands",
        "Somebody is in two groups that exclude each other, and nothing of the plan changes it.",
    ),
    ("expires-soon", "A membership ends within two weeks."),
    ("group-deleted", "Deleting a group ends its memberships, and its ID does not come back."),
    ("group-renamed", "A locked or pinned group has another name on the site now."),
    ("leaver-unknown", "Nobody on the site has the email of a person who should lose access."),
    ("name-ignored", "The name of an existing account differs from the configuration, and cannot be set."),
    (
        "no-longer-managed",
        "rollbook.lock has a user or a group that is not declared any more; access remains.",
    ),
    ("no-mail", "Somebody is provisioned without the mail that `invite-mail` asks for."),
    ("not-in-lock", "rollbook.lock does not say which account or group some names mean."),
    ("not-read", "A read that a plan can do without got no answer; the note lists what is left out."),
    ("read-only", "Jira's credential is not a site administrator's: an apply through Jira would be refused."),
    ("rule-names-left-group", "A rule names a group that the change stops declaring."),
    ("rule-names-nothing", "A rule names an unknown group or email."),
    ("seats-short", "An app has fewer seats left than the plan takes."),
    (
        "site-admins-unknown",
        "Without a credential for Jira, it is unknown which groups give site administration.",
    ),
    ("unlisted-group", "A group of the site is not declared (`unlisted-groups: report`)."),
    ("unlisted-user", "An active account is not declared (`unlisted-users: report`)."),
    ("waits-for-provider", "Somebody who left stays in groups until the identity provider removes them."),
    ("without-id", "A list of the site has rows without an ID."),
    ("written-anew", "A user or group in rollbook.lock is now declared under another name."),
];
