//! The possible mistakes in the values of a seed.

/// A contradiction in a seed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SeedProblem {
    /// Two users have one account ID.
    #[error("two users have the account id `{0}`")]
    DuplicateAccount(String),
    /// Two users have one email, in any case.
    #[error("two users have the email `{0}`")]
    DuplicateEmail(String),
    /// Two groups have one name, in any case.
    #[error("two groups have the name `{0}`")]
    DuplicateGroup(String),
    /// Two groups have one ID.
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
    /// Only an app and an erased account may lack an email, and then they need an account ID.
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
        /// The listed member.
        member: String,
    },
    /// A group lists a removed user.
    #[error("group `{group}` lists `{member}`, who is removed from the site")]
    RemovedMember {
        /// The group's name.
        group: String,
        /// The listed member.
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
    /// A credential with an unknown account.
    #[error("a credential acts as `{0}`, who is not a user of the seed")]
    UnknownCredentialAccount(String),
    /// Basic needs an email for its user name.
    #[error("a credential acts as `{0}`, who has no email to log in with")]
    CredentialWithoutEmail(String),
    /// A classic token has all rights of its account.
    #[error("the basic credential of `{0}` has scopes: a classic token has none")]
    ScopesOnBasic(String),
    /// Two SCIM records have one ID, or one user name in any case.
    #[error("two SCIM records have the {what} `{value}`")]
    DuplicateScim {
        /// `id` or `userName`.
        what: &'static str,
        /// The common value.
        value: String,
    },
    /// Only people have SCIM records.
    #[error("`{0}` has a SCIM record and is not a person")]
    ScimOfNoPerson(String),
}

/// Joins problems for a message.
pub(super) fn list(problems: &[SeedProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
