//! A tree of files → a declaration, or its mistakes.

use jiff::civil::Date;

use crate::model::{Declaration, Diagnostic, FileId, Severity, SourceFile, Tree, UnlistedUsers};

use super::codes;
use super::context::Context;
use super::draft::Draft;
use super::fields::Fields;
use super::groups::groups;
use super::include::{self, Found, LOCK, ROOT};
use super::lock::lock;
use super::node::Node;
use super::policy::policy;
use super::settings::{self, settings};
use super::users::users;
use super::waive::waivers;
use super::{events, hidden, identity, memberships, references, rules, spelling};

/// The largest file that is read, in bytes.
pub(super) const LARGEST_FILE: usize = 32 << 20;

/// The meaning of a tree, and its diagnostics.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The declaration, when no diagnostic is an error.
    pub declaration: Option<Declaration>,
    /// Ordered by file and place; those without a place come last.
    pub diagnostics: Vec<Diagnostic>,
}

/// Decodes and checks a tree. All mistakes of all files are reported. `today` (UTC) affects only warnings.
pub fn parse(tree: &Tree, today: Date) -> Parsed {
    let mut cx = Context::new(today);
    let mut draft = Draft::default();
    if tree.file(ROOT).is_none() {
        cx.report(no_root());
    }
    for (index, file) in tree.files.iter().enumerate() {
        let id = FileId(u32::try_from(index).unwrap_or(u32::MAX));
        decode(&mut cx, &mut draft, tree, id, file);
    }
    cx.sort_places();
    references::check(&mut cx, &draft);
    spelling::check(&mut cx, &draft);
    identity::check(&mut cx, &draft);
    rules::check(&mut cx, &draft);
    if cx.mistakes.no_errors() {
        memberships::check(&mut cx, &draft);
    }
    let declaration = cx.mistakes.no_errors().then(|| declaration(draft)).flatten();
    Parsed { declaration, diagnostics: cx.mistakes.into_sorted() }
}

fn declaration(draft: Draft) -> Option<Declaration> {
    Some(Declaration {
        settings: draft.settings?,
        policy: draft.policy,
        waivers: draft.waivers,
        users: draft.users,
        groups: draft.groups,
        lock: draft.lock.lock,
    })
}

fn no_root() -> Diagnostic {
    Diagnostic::error(codes::NO_ROOT, format!("there is no {ROOT} here"))
        .help(format!("Create {ROOT}, or name its folder with `--dir`."))
}

fn decode(cx: &mut Context, draft: &mut Draft, tree: &Tree, id: FileId, file: &SourceFile) {
    if file.text.len() > LARGEST_FILE {
        cx.report(too_large(&file.path));
        return;
    }
    if !hidden::check(cx, id, &file.text) {
        return;
    }
    let before = cx.mistakes.count();
    let Some(node) = events::read(id, &file.text, &mut cx.mistakes) else {
        if cx.mistakes.count() == before {
            cx.report(empty(id, &file.path));
        }
        return;
    };
    match file.path.as_str() {
        ROOT => root(cx, draft, tree, id, &node),
        LOCK => draft.lock = lock(cx, &node),
        _ => included(cx, draft, &node),
    }
}

/// Reports that a file is too large to be read.
pub(super) fn too_large(path: &str) -> Diagnostic {
    Diagnostic::error(codes::TOO_LARGE, format!("{path} is larger than {} MiB", LARGEST_FILE >> 20))
        .help("Split the file, or keep it out of `include`.")
}

fn empty(id: FileId, path: &str) -> Diagnostic {
    let start = crate::model::Span { origin: crate::model::Origin { file: id, offset: 0 }, length: 0 };
    Diagnostic::error(codes::EMPTY_FILE, format!("{path} declares nothing"))
        .at(start, "only white space and comments")
        .help("Delete the file, or write `groups: {}` or `users: {}`.")
}

fn root(cx: &mut Context, draft: &mut Draft, tree: &Tree, id: FileId, node: &Node<'_>) {
    let Some(mut fields) = Fields::of(cx, node, ROOT) else {
        return;
    };
    let include = include::decode(cx, fields.take("include"), fields.take("share"));
    draft.settings = settings(cx, &mut fields, &include);
    if let Some(node) = fields.take("policy") {
        draft.policy = policy(cx, node);
    }
    if let Some(node) = fields.take("waive") {
        draft.waivers = waivers(cx, node);
    }
    declarations(cx, draft, &mut fields);
    let declares_here = fields.take("users").or(fields.take("groups")).is_some();
    fields.finish(cx);
    let offboards = draft.policy.unlisted_users.is_some_and(|it| it.value == UnlistedUsers::Offboard);
    let unmatched = if offboards { Severity::Error } else { Severity::Warning };
    include::check(cx, &include, tree, &Found { root: id, declares_here, unmatched });
}

fn included(cx: &mut Context, draft: &mut Draft, node: &Node<'_>) {
    let Some(mut fields) = Fields::of(cx, node, "a file of users and groups") else {
        return;
    };
    declarations(cx, draft, &mut fields);
    fields.belong_into(cx, settings::KEYS, ROOT);
    fields.finish(cx);
}

/// Decodes the users and groups of a file.
pub(super) fn declarations(cx: &mut Context, draft: &mut Draft, fields: &mut Fields<'_, '_>) {
    if let Some(node) = fields.take("users") {
        users(cx, node, draft);
    }
    if let Some(node) = fields.take("groups") {
        groups(cx, node, draft);
    }
}
