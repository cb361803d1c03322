//! The head of rollbook.yaml: the site, and the person that Rollbook acts for.

use crate::model::{Located, Scim, Settings};

use super::codes;
use super::context::Context;
use super::fields::Fields;
use super::include::Include;
use super::node::Node;
use super::site;
use super::values::{choice, email, id, text};

/// The keys that belong only in rollbook.yaml.
pub(super) const KEYS: &[&str] = &[
    "version",
    "site",
    "organization",
    "directory",
    "operator",
    "scim",
    "include",
    "share",
    "policy",
    "waive",
];

/// Decodes the head. `include` and `share` were decoded before the files were read.
pub(super) fn settings(
    cx: &mut Context,
    fields: &mut Fields<'_, '_>,
    included: &Include,
) -> Option<Settings> {
    version(cx, fields);
    let site = fields
        .require("site", "Name the Jira site, such as `site: https://acme.atlassian.net`.")
        .and_then(|node| site_of(cx, node));
    let organization = fields.take("organization").and_then(|node| opaque(cx, node, "an organization ID"));
    let directory = fields.entry("directory");
    if let (Some(entry), None) = (directory, &organization)
        && fields.take("organization").is_none()
    {
        cx.mistake(
            codes::MISSING_KEY,
            entry.span,
            "`directory` without `organization`",
            "a directory without an organization",
            "Add `organization`, or remove `directory`.",
        );
    }
    let directory = directory.and_then(|entry| opaque(cx, &entry.value, "a directory ID"));
    let operator = fields.take("operator").and_then(|node| email(cx, node));
    let scim = fields.take("scim").and_then(|node| scim(cx, node));
    let (include, share) = (included.patterns(), included.shares().map(str::to_owned).collect());
    Some(Settings { site: site?, organization, directory, operator, scim, include, share })
}

/// Checks that a file has the version that this Rollbook reads.
pub(super) fn version(cx: &mut Context, fields: &mut Fields<'_, '_>) {
    let Some(node) = fields.require("version", "Start the file with `version: 1`.") else {
        return;
    };
    let Some(version) = super::values::number(cx, node, 0, u32::MAX) else {
        return;
    };
    if version.value != 1 {
        cx.mistake(
            codes::UNSUPPORTED_VERSION,
            node.span,
            format!("version {} of the language", version.value),
            "this Rollbook reads version 1",
            "Write `version: 1`, or use the Rollbook that the file was written for.",
        );
    }
}

fn site_of(cx: &mut Context, node: &Node<'_>) -> Option<Located<String>> {
    let text = text(cx, node, "the URL of a Jira site")?;
    match site::check(text) {
        Ok(()) => Some(cx.locate(text.to_owned(), node.span)),
        Err(refusal) => {
            cx.mistake(
                codes::BAD_SITE,
                node.span,
                format!("`{text}` is not the URL of a Jira Cloud site"),
                refusal.label(),
                refusal.help(),
            );
            None
        }
    }
}

fn opaque(cx: &mut Context, node: &Node<'_>, wanted: &str) -> Option<Located<String>> {
    id(cx, node, wanted).map(|id| cx.locate(id.to_owned(), node.span))
}

fn scim(cx: &mut Context, node: &Node<'_>) -> Option<Scim> {
    let mut fields = Fields::of(cx, node, "`scim`")?;
    let directory = fields
        .require("directory", "Name the SCIM directory's ID, as the provisioning page shows it.")
        .and_then(|node| opaque(cx, node, "a SCIM directory ID"));
    let authority = fields
        .require("authority", "Write `authority: rollbook` or `authority: identity-provider`.")
        .and_then(|node| choice(cx, node));
    fields.finish(cx);
    Some(Scim { directory: directory?, authority: authority? })
}
