//! The answers of the sandbox that Atlassian's published description does not declare, and why they are believed
//! all the same. An answer that is neither described nor listed here fails whatever test sees it, and one that
//! is listed here and never comes fails `sandbox_contract`.

/// An answer that the description does not declare.
#[derive(Debug)]
pub(crate) struct Undeclared {
    /// `METHOD /path`; `*` stands for all methods or all paths.
    pub(crate) route: &'static str,
    pub(crate) status: u16,
    /// With the anchor of docs/atlassian.md, where it has one.
    pub(crate) why: &'static str,
}

pub(crate) const UNDECLARED: &[Undeclared] = &[
    Undeclared { route: "* *", status: 429, why: "docs/atlassian.md#burst-limits, at every endpoint" },
    Undeclared { route: "POST *", status: 413, why: "HTTP's own answer to a body that is too long" },
    Undeclared {
        route: "POST *",
        status: 415,
        why: "HTTP's own answer to a body that is not said to be JSON",
    },
    Undeclared {
        route: "GET /rest/api/3/groups/picker",
        status: 400,
        why: "docs/atlassian.md#group-picker; others refuse parameters that are not numbers",
    },
    Undeclared {
        route: "GET /rest/api/3/groups/picker",
        status: 401,
        why: "docs/atlassian.md#refused-credentials: the gateway asks for a credential whatever the endpoint",
    },
    Undeclared {
        route: "GET /rest/api/3/user",
        status: 400,
        why: "docs/atlassian.md#account-ids: what names no account by `accountId` is refused with 400",
    },
    Undeclared {
        route: "GET /rest/api/3/user/groups",
        status: 400,
        why: "docs/atlassian.md#account-ids: what names no account by `accountId` is refused with 400",
    },
    Undeclared {
        route: "GET /rest/api/3/users/search",
        status: 401,
        why: "docs/atlassian.md#refused-credentials: without a credential, as every endpoint that needs one",
    },
    Undeclared {
        route: "GET /rest/api/3/user/search/query/key",
        status: 401,
        why: "docs/atlassian.md#refused-credentials; described with another body",
    },
    Undeclared {
        route: "GET /rest/api/3/users",
        status: 401,
        why: "docs/atlassian.md#refused-credentials: without a credential, as every endpoint that needs one",
    },
];

impl Undeclared {
    /// Whether this is the answer.
    pub(crate) fn is(&self, route: &str, status: u16) -> bool {
        let fits = |(pattern, part): (&str, &str)| pattern == "*" || pattern == part;
        self.status == status && self.route.split(' ').zip(route.split(' ')).all(fits)
    }
}
