//! The catalogue of diagnostics: every code that a tree can get, with its meaning.

macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $name:ident = $code:literal;)+) => {
        $($(#[doc = $meaning])+ pub const $name: &str = $code;)+

        /// Every code with its meaning, in the order of this file.
        pub const ALL: &[(&str, &str)] = &[$(($code, concat!($($meaning),+))),+];
    };
}

codes! {
    /// The folder has no rollbook.yaml.
    NO_ROOT = "no-rollbook-yaml";
    /// A file or folder cannot be read.
    UNREADABLE = "unreadable-file";
    /// A symbolic link is in the place of a file of the tree: a diff would not show the file's content.
    SYMBOLIC_LINK = "symbolic-link";
    /// A file, or all files together, are too large.
    TOO_LARGE = "too-large";
    /// A file is not UTF-8 text.
    NOT_TEXT = "not-text";
    /// A character that a reviewer does not see, or that hides a part of a line.
    HIDDEN_CHARACTER = "hidden-character";
    /// A path of `include` or `share` cannot be used.
    BAD_INCLUDE = "bad-include";
    /// An include pattern matches no file, or a shared folder has no pattern.
    INCLUDE_MATCHES_NOTHING = "include-matches-nothing";
    /// A file in the tree's folder declares users or groups, and no include pattern matches it.
    NOT_INCLUDED = "not-included";
    /// Git tracks a file or a link to which runs of Rollbook write.
    RESERVED_NAME = "reserved-name";

    /// The YAML cannot be parsed.
    INVALID_YAML = "invalid-yaml";
    /// Lists and mappings are nested deeper than any declaration needs.
    TOO_DEEP = "too-deep";
    /// A file has no YAML at all.
    EMPTY_FILE = "empty-file";
    /// A file has a second YAML document.
    SECOND_DOCUMENT = "second-document";
    /// An anchor (`&name`).
    ANCHOR = "anchor";
    /// An alias (`*name`).
    ALIAS = "alias";
    /// A merge key (`<<`).
    MERGE_KEY = "merge-key";
    /// A tag (`!name`).
    TAG = "tag";
    /// A key or an item without a value, or null.
    NULL_VALUE = "null-value";
    /// A key that appears twice in one mapping.
    DUPLICATE_KEY = "duplicate-key";

    /// A key that Rollbook does not know.
    UNKNOWN_KEY = "unknown-key";
    /// A key that belongs in rollbook.yaml is in another file.
    MISPLACED_KEY = "misplaced-key";
    /// A required key is missing.
    MISSING_KEY = "missing-key";
    /// A value has another type than the key needs.
    WRONG_TYPE = "wrong-type";
    /// A text that YAML readers take for a number or a boolean.
    NEEDS_QUOTES = "needs-quotes";
    /// A value that is not one of the key's values.
    UNKNOWN_VALUE = "unknown-value";
    /// A number that is too small or too large.
    OUT_OF_RANGE = "out-of-range";
    /// A text without content.
    EMPTY_TEXT = "empty-text";
    /// A list with fewer items than make sense.
    TOO_FEW = "too-few";
    /// An item that appears twice in one list.
    REPEATED_ITEM = "repeated-item";

    /// A `version` that this Rollbook cannot read.
    UNSUPPORTED_VERSION = "unsupported-version";
    /// A `site` that is not a Jira Cloud site.
    BAD_SITE = "bad-site";
    /// An ID that cannot be valid.
    BAD_ID = "bad-id";
    /// A text that is not an email address.
    BAD_EMAIL = "bad-email";
    /// A text that is not a date.
    BAD_DATE = "bad-date";
    /// A text that is not a domain.
    BAD_DOMAIN = "bad-domain";
    /// A text that cannot be a group's name.
    BAD_GROUP_NAME = "bad-group-name";
    /// A text that is not an address of a plan.
    BAD_ADDRESS = "bad-address";

    /// One email is written in two ways.
    EMAIL_SPELLINGS = "email-spellings";
    /// Two emails look the same.
    LOOK_ALIKE_EMAILS = "look-alike-emails";
    /// An email mixes scripts, so that it can be taken for another one.
    MIXED_SCRIPT_EMAIL = "mixed-script-email";
    /// Two groups' names differ only in case.
    GROUP_NAME_CASE = "group-name-case";
    /// Two groups' names look the same.
    LOOK_ALIKE_GROUPS = "look-alike-groups";
    /// A user or group is declared in two places.
    DECLARED_TWICE = "declared-twice";
    /// One account ID belongs to two emails.
    SHARED_ACCOUNT = "shared-account";
    /// One group ID belongs to two groups.
    SHARED_GROUP_ID = "shared-group-id";
    /// A pin and rollbook.lock have different IDs.
    PIN_DIFFERS = "pin-differs-from-lock";

    /// `absent: true` together with a key that describes an existing group.
    TOMBSTONE_KEY = "tombstone-key";
    /// A member that names nobody, or more than one of user, group, synced and account.
    UNCLEAR_MEMBER = "unclear-member";
    /// `except` on an entry that is not a group.
    EXCEPT_WITHOUT_GROUP = "except-without-group";
    /// `except` names somebody that the group does not add.
    EXCEPT_NAMES_NOBODY = "except-names-nobody";
    /// A `group:` entry that names an undeclared group.
    UNKNOWN_GROUP = "unknown-group";
    /// A group that is declared absent is still used.
    ABSENT_GROUP = "absent-group";
    /// Groups that contain each other.
    GROUP_CYCLE = "group-cycle";
    /// A privileged group takes another group's members without saying `nest: true`.
    NESTING_PRIVILEGED = "nesting-privileged";
    /// Two entries of one group for one person, or for one group.
    DUPLICATE_MEMBER = "duplicate-member";
    /// A key about members, of a group whose members are unmanaged.
    UNMANAGED_KEY = "unmanaged-key";
    /// A `group:` entry that names a group whose members are unmanaged.
    UNMANAGED_GROUP = "unmanaged-group";
    /// A `synced:` entry that names a group whose members this tree manages.
    MANAGED_SOURCE = "managed-source";
    /// Two entries of one group for one role in one app.
    DUPLICATE_GRANT = "duplicate-grant";
    /// `until` on a grant that is absent.
    ABSENT_GRANT_KEY = "absent-grant-key";
    /// The key of an app that is close to a known one.
    CLOSE_APP_KEY = "close-app-key";

    /// A waiver for a guard that cannot be waived.
    UNWAIVABLE_GUARD = "unwaivable-guard";
    /// A waiver for an address that names nothing in the tree.
    WAIVER_NAMES_NOTHING = "waiver-names-nothing";
    /// Two waivers of one guard for one address.
    WAIVED_TWICE = "waived-twice";
    /// A waiver that has expired.
    WAIVER_EXPIRED = "waiver-expired";
    /// A waiver lasts more than a year.
    WAIVER_FAR = "waiver-far";
    /// An entry whose `until` is past.
    UNTIL_PAST = "until-past";
    /// `apps` on a user who is offboarded.
    APPS_ON_INACTIVE = "apps-on-inactive";
    /// `until` on a user who is already offboarded.
    UNTIL_ON_INACTIVE = "until-on-inactive";
    /// A rule names an undeclared group, and the name is close to a declared one.
    CLOSE_GROUP_NAME = "close-group-name";
    /// `unlisted-users: offboard` without a limit on the revokes of one plan.
    OFFBOARD_WITHOUT_LIMIT = "offboard-without-limit";
    /// An owner or one of `policy.admins` is offboarded.
    INACTIVE_OWNER = "inactive-owner";
    /// The tree adds somebody to two groups that `exclusive` keeps apart.
    EXCLUSIVE_PAIR = "exclusive-pair";
    /// Expiring memberships make a group fall below its `keep-at-least`.
    FLOOR_WILL_BREAK = "floor-will-break";

    /// There are too many mistakes to show them all.
    TOO_MANY = "too-many-mistakes";
}

/// The mistakes that the JSON Schema also finds: those that show in one document, without the rest of the tree and with
/// no more than a pattern for each text. [`NEEDS_QUOTES`] is one for readers of YAML 1.2, such as editors: a boolean or
/// a number only in YAML 1.1 is a text to the schema.
pub const SHAPE: &[&str] = &[
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_TYPE,
    NEEDS_QUOTES,
    NULL_VALUE,
    UNKNOWN_VALUE,
    OUT_OF_RANGE,
    EMPTY_TEXT,
    TOO_FEW,
    REPEATED_ITEM,
    UNSUPPORTED_VERSION,
    BAD_SITE,
    BAD_ID,
    BAD_EMAIL,
    BAD_DATE,
    BAD_DOMAIN,
    BAD_GROUP_NAME,
    BAD_ADDRESS,
    BAD_INCLUDE,
    TOMBSTONE_KEY,
    UNMANAGED_KEY,
    ABSENT_GRANT_KEY,
    UNCLEAR_MEMBER,
    EXCEPT_WITHOUT_GROUP,
    UNWAIVABLE_GUARD,
];

/// Mistakes that keep declarations from being read.
pub(super) const HIDES_DECLARATIONS: &[&str] = &[
    UNREADABLE,
    SYMBOLIC_LINK,
    TOO_LARGE,
    NOT_TEXT,
    BAD_INCLUDE,
    INCLUDE_MATCHES_NOTHING,
    INVALID_YAML,
    TOO_DEEP,
    EMPTY_FILE,
    SECOND_DOCUMENT,
    ALIAS,
    MERGE_KEY,
];

/// Mistakes that may be mere echoes of a declaration that could not be read.
pub(super) const ECHOES: &[&str] =
    &[UNKNOWN_GROUP, EXCEPT_NAMES_NOBODY, WAIVER_NAMES_NOTHING, CLOSE_GROUP_NAME];
