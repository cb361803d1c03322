//! Everything that can be wrong with the values of a seed.

/// Says what in a seed does not fit together, and names it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SeedProblem {
    /// Two users have one account id.
    #[error("two users have the account id `{0}`")]
    DuplicateAccount(String),
    /// Two users have one email, whatever its case.
    #[error("two users have the email `{0}`")]
    DuplicateEmail(String),
    /// Two groups have one name, whatever its case.
    #[error("two groups have the name `{0}`")]
    DuplicateGroup(String),
    /// Two groups have one id.
    #[error("two groups have the id `{0}`")]
    DuplicateGroupId(String),
    /// Two apps have one key.
    #[error("two apps have the key `{0}`")]
    DuplicateApp(String),
    /// A group lists one account twice.
    #[error("group `{group}` lists `{member}` twice")]
    DuplicateMember {
        /// The group's name.
        group: String,
        /// The second mention.
        member: String,
    },
    /// Only an app and an erased account may be without email, and then they need an account id.
    #[error("user `{0}` has no email")]
    NoEmail(String),
    /// A group without name.
    #[error("a group has an empty name")]
    NoName,
    /// A member that is not a user of the seed.
    #[error("group `{group}` lists `{member}`, who is not a user of the seed")]
    UnknownMember {
        /// The group's name.
        group: String,
        /// What it lists.
        member: String,
    },
    /// A removed user is in no group.
    #[error("group `{group}` lists `{member}`, who is removed from the site")]
    RemovedMember {
        /// The group's name.
        group: String,
        /// What it lists.
        member: String,
    },
    /// An app that is not among `apps`.
    #[error("group `{group}` names the app `{app}`, which is not an app of the seed")]
    UnknownApp {
        /// The group's name.
        group: String,
        /// The app's key.
        app: String,
    },
    /// A role in an app that is not among `apps`.
    #[error("user `{user}` names the app `{app}`, which is not an app of the seed")]
    UnknownAppOfUser {
        /// The account id.
        user: String,
        /// The app's key.
        app: String,
    },
    /// A default group that gives no access.
    #[error("group `{group}` is a default group of `{app}` and does not grant `user` there")]
    DefaultWithoutGrant {
        /// The group's name.
        group: String,
        /// The app's key.
        app: String,
    },
    /// A credential that acts as nobody.
    #[error("a credential acts as `{0}`, who is not a user of the seed")]
    UnknownCredentialAccount(String),
    /// Basic needs an email for its user name.
    #[error("a credential acts as `{0}`, who has no email to log in with")]
    CredentialWithoutEmail(String),
    /// A classic token has all rights of its account.
    #[error("the basic credential of `{0}` has scopes: a classic token has none")]
    ScopesOnBasic(String),
    /// Two SCIM records have one id, or one user name, whatever its case.
    #[error("two SCIM records have the {what} `{value}`")]
    DuplicateScim {
        /// `id` or `userName`.
        what: &'static str,
        /// What both have.
        value: String,
    },
    /// Only people are provisioned.
    #[error("`{0}` has a SCIM record and is not a person")]
    ScimOfNoPerson(String),
}

/// Joins problems for a message.
pub(super) fn list(problems: &[SeedProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
