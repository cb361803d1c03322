//! Selects the files of a tree: only by path, so that a directory and a git revision agree.

use std::sync::LazyLock;

use globset::{GlobBuilder, GlobMatcher};
use jiff::civil::Date;

use crate::model::{Diagnostic, FileId, Origin, Severity, Span, Tree, is_shared};

use super::codes;
use super::context::Context;
use super::events;
use super::mistakes::Mistakes;
use super::node::{Node, Value};
use super::values::{list, text};

/// The file that makes a directory a tree.
pub const ROOT: &str = "rollbook.yaml";

/// The file that Rollbook writes.
pub const LOCK: &str = "rollbook.lock";

/// The patterns if `include` is left out.
pub(super) const DEFAULT: [&str; 2] = ["users/*.yaml", "groups/**/*.yaml"];

/// Compiled once, which takes longer than the rest of a small tree.
static DEFAULT_PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let nowhere = Span { origin: Origin { file: FileId(0), offset: 0 }, length: 0 };
    DEFAULT.iter().filter_map(|text| compiled(text, nowhere).ok()).collect()
});

pub(super) const MOST_PATTERNS: usize = 100;
pub(super) const LONGEST_PATTERN: usize = 256;

/// The selection of files by a rollbook.yaml.
#[derive(Clone, Debug)]
pub struct Include {
    patterns: Vec<Pattern>,
    explicit: bool,
    shares: Vec<Share>,
}

/// A folder of the repository outside the tree's own, as a path from there: `../` at least once, then names.
#[derive(Clone, Debug)]
struct Share {
    text: String,
    span: Span,
}

#[derive(Clone, Debug)]
struct Pattern {
    text: String,
    matcher: GlobMatcher,
    span: Span,
}

impl Include {
    /// Reads `include` in the text of a rollbook.yaml. Patterns with mistakes select nothing;
    /// [`parse`](super::parse()) reports them.
    pub fn of(root: &str) -> Self {
        Self::read(root).0
    }

    /// The same; `None` if a mistake may keep a pattern from being read.
    pub(super) fn whole(root: &str) -> Option<Self> {
        let (include, whole) = Self::read(root);
        whole.then_some(include)
    }

    fn read(root: &str) -> (Self, bool) {
        let mut cx = Context::new(Date::ZERO);
        let node = events::read(FileId(0), root, &mut cx.mistakes);
        let value = |key: &str| match &node.as_ref()?.value {
            Value::Map(map) => {
                map.entries.iter().find(|entry| entry.key.text == key).map(|entry| &entry.value)
            }
            Value::Scalar(_) | Value::List(_) | Value::Reported => None,
        };
        let include = decode(&mut cx, value("include"), value("share"));
        (include, cx.mistakes.no_errors())
    }

    /// The folders outside the tree's own from which it may include files, as a tree writes them.
    pub fn shares(&self) -> impl Iterator<Item = &str> {
        self.shares.iter().map(|share| share.text.as_str())
    }

    /// The patterns, as a tree writes them.
    pub(super) fn patterns(&self) -> Vec<String> {
        self.patterns.iter().map(|pattern| pattern.text.clone()).collect()
    }

    /// Whether a file belongs to the tree, by its path relative to the root with `/` between the parts. The root and
    /// the lock always do; files with a part of the path that starts with a dot never do.
    pub fn takes(&self, path: &str) -> bool {
        if path == ROOT || path == LOCK {
            return true;
        }
        !is_hidden(path) && self.of_level(path).any(|pattern| pattern.matcher.is_match(path))
    }

    /// Whether a file below a folder may belong to the tree, whatever the folder contains.
    pub fn reaches(&self, folder: &str) -> bool {
        !is_hidden(folder) && self.of_level(folder).any(|pattern| may_match_below(&pattern.text, folder))
    }

    /// The patterns that lead as many folders up as a path: no wildcard matches `..`.
    fn of_level(&self, path: &str) -> impl Iterator<Item = &Pattern> {
        let level = path.len() - below(path).len();
        self.patterns.iter().filter(move |it| it.text.len() - below(&it.text).len() == level)
    }

    /// The folders that must be walked to find every file: the parts before the first wildcard, none inside
    /// another, the tree's root as the empty path.
    pub(super) fn folders(&self) -> Vec<String> {
        let mut folders: Vec<String> = self.patterns.iter().map(|pattern| folder(&pattern.text)).collect();
        folders.sort();
        folders.dedup();
        let all = folders.clone();
        folders.retain(|folder| !all.iter().any(|other| other != folder && is_inside(folder, other)));
        folders
    }
}

/// A path without its leading `../`.
fn below(path: &str) -> &str {
    path.trim_start_matches("../")
}

fn is_hidden(path: &str) -> bool {
    below(path).split('/').any(|part| part.starts_with('.'))
}

fn may_match_below(pattern: &str, folder: &str) -> bool {
    let parts: Vec<&str> = pattern.split('/').collect();
    let mut folders = parts[..parts.len() - 1].iter();
    for part in folder.split('/') {
        match folders.next() {
            // The alternatives in braces may contain a `/`.
            Some(wanted) if *wanted == "**" || wanted.contains('{') => return true,
            Some(wanted) if has_wildcard(wanted) || *wanted == part => {}
            Some(_) | None => return false,
        }
    }
    true
}

fn is_inside(folder: &str, other: &str) -> bool {
    other.is_empty() && !is_shared(folder)
        || folder.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'))
}

fn folder(pattern: &str) -> String {
    let parts: Vec<&str> = pattern.split('/').collect();
    let folders = &parts[..parts.len() - 1];
    let fixed = folders.iter().take_while(|part| !has_wildcard(part));
    fixed.copied().collect::<Vec<_>>().join("/")
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// Decodes `include` and `share`.
pub(super) fn decode(cx: &mut Context, include: Option<&Node<'_>>, share: Option<&Node<'_>>) -> Include {
    let nodes = share.map(|node| bounded(cx, node, "a list of folders")).unwrap_or_default();
    let shares: Vec<Share> = nodes.iter().filter_map(|node| shared(cx, node)).collect();
    let Some(node) = include else {
        return Include { patterns: DEFAULT_PATTERNS.clone(), explicit: false, shares };
    };
    let nodes = bounded(cx, node, "a list of patterns");
    let patterns = nodes.iter().filter_map(|node| pattern(cx, node, &shares)).collect();
    Include { patterns, explicit: true, shares }
}

fn bounded<'n, 't>(cx: &mut Context, node: &'n Node<'t>, wanted: &str) -> &'n [Node<'t>] {
    let nodes = list(cx, node, wanted).unwrap_or_default();
    if nodes.len() > MOST_PATTERNS {
        cx.mistake(
            codes::BAD_INCLUDE,
            node.span,
            format!("more than {MOST_PATTERNS} entries"),
            "too many",
            "Use wildcards in `include`, such as `groups/**/*.yaml`.",
        );
    }
    &nodes[..nodes.len().min(MOST_PATTERNS)]
}

fn shared(cx: &mut Context, node: &Node<'_>) -> Option<Share> {
    let text = text(cx, node, "a folder")?;
    let own =
        || (!is_shared(text)).then(|| "it is in the tree's own folder, which needs no `share`".to_owned());
    let wild = || has_wildcard(text).then(|| "it has a wildcard, which belongs in `include`".to_owned());
    if let Some(why) = misplaced(text).or_else(own).or_else(wild) {
        cx.mistake(
            codes::BAD_INCLUDE,
            node.span,
            format!("`{text}` cannot be shared: {why}"),
            "not a usable folder",
            "Write the path of a folder of this repository, such as `../people`.",
        );
        return None;
    }
    Some(Share { text: text.to_owned(), span: node.span })
}

fn pattern(cx: &mut Context, node: &Node<'_>, shares: &[Share]) -> Option<Pattern> {
    let text = text(cx, node, "a pattern")?;
    match refusal(text, shares).map_or_else(|| compiled(text, node.span), Err) {
        Ok(pattern) => Some(pattern),
        Err(why) => {
            cx.mistake(
                codes::BAD_INCLUDE,
                node.span,
                format!("`{text}` cannot be included: {why}"),
                "not a usable pattern",
                "Write a path below this file's folder, such as `groups/**/*.yaml`.",
            );
            None
        }
    }
}

fn refusal(text: &str, shares: &[Share]) -> Option<String> {
    if let Some(why) = misplaced(text) {
        return Some(why);
    }
    let why = if is_shared(text) && !shares.iter().any(|share| is_inside(text, &share.text)) {
        "it leaves the folder, and `share` does not list the one that it leads to"
    } else if ![".yaml", ".yml", ".{yaml,yml}", ".{yml,yaml}"].iter().any(|end| text.ends_with(end)) {
        "it does not end in `.yaml` or `.yml`"
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// Why a path of `include` or `share` is not valid in the tree's folder.
fn misplaced(text: &str) -> Option<String> {
    let parts = || below(text).split('/');
    let why = if text.len() > LONGEST_PATTERN {
        "it is too long"
    } else if text.starts_with('/') || text.as_bytes().get(1) == Some(&b':') {
        "it is an absolute path"
    } else if text.contains('\\') {
        "the parts of a path are separated by `/`"
    } else if parts().any(|part| part == "..") {
        "`..` is allowed only at its start"
    } else if parts().any(|part| part == ".") {
        "a `.` among its parts has no meaning: leave it out"
    } else if parts().any(str::is_empty) {
        "a part of it is empty"
    } else if parts().any(|part| part.starts_with('.')) {
        "names that start with a dot are left out"
    } else {
        return None;
    };
    Some(why.to_owned())
}

fn compiled(text: &str, span: Span) -> Result<Pattern, String> {
    let glob = GlobBuilder::new(text)
        .literal_separator(true)
        .backslash_escape(false)
        .build()
        .map_err(|error| error.kind().to_string())?;
    Ok(Pattern { text: text.to_owned(), matcher: glob.compile_matcher(), span })
}

/// Whether a text looks like a file of a tree: a mapping with `users` or `groups` at its top, which are mappings. Seeds,
/// alerts and clusters of other tools have lists there.
pub(super) fn declares(text: &str) -> bool {
    let node = events::read(FileId(0), text, &mut Mistakes::default());
    let Some(Value::Map(map)) = node.map(|node| node.value) else { return false };
    map.entries.iter().any(|entry| match &entry.value.value {
        Value::Map(_) | Value::Reported => ["users", "groups"].contains(&&*entry.key.text),
        Value::Scalar(_) | Value::List(_) => false,
    })
}

/// The facts about a tree that decide how its patterns are checked.
pub(super) struct Found {
    /// The rollbook.yaml.
    pub(super) root: FileId,
    /// Whether it has users or groups itself.
    pub(super) declares_here: bool,
    /// How bad it is that a wildcard finds nothing: if undeclared people are offboarded, a typing mistake in a pattern
    /// is an error.
    pub(super) unmatched: Severity,
}

/// Reports patterns that match no file. One that names a file is a mistake; one with a wildcard may find nothing yet.
pub(super) fn check(cx: &mut Context, include: &Include, tree: &Tree, found: &Found) {
    for share in &include.shares {
        if !include.patterns.iter().any(|pattern| is_inside(&pattern.text, &share.text)) {
            cx.report(
                Diagnostic::warning(
                    codes::INCLUDE_MATCHES_NOTHING,
                    format!("`include` takes nothing of `{}`", share.text),
                )
                .at(share.span, "shared but unused")
                .help(format!(
                    "Add a pattern such as `{}/*.yaml` to `include`, or remove the folder.",
                    share.text
                )),
            );
        }
    }
    let included = || tree.files.iter().filter(|file| file.path != ROOT && file.path != LOCK);
    let start = Span { origin: Origin { file: found.root, offset: 0 }, length: 0 };
    if !include.explicit && included().next().is_none() {
        if !found.declares_here && cx.mistakes.no_errors() {
            cx.report(
                graded(found.unmatched, "nothing is declared".into())
                    .at(start, "no users, no groups, and no file that declares any")
                    .help("Add files as users/*.yaml and groups/**/*.yaml, or say where they are with `include`."),
            );
        }
        return;
    }
    for pattern in &include.patterns {
        if included().any(|file| pattern.matcher.is_match(&file.path)) {
            continue;
        }
        let message = format!("`{}` matches no file", pattern.text);
        let severity = if has_wildcard(&pattern.text) { found.unmatched } else { Severity::Error };
        let unmatched = graded(severity, message);
        match (include.explicit, severity) {
            (true, Severity::Error | Severity::Warning) => cx.report(
                unmatched
                    .at(pattern.span, "no such file")
                    .help("Correct the pattern, or remove it. Files whose names start with a dot are left out."),
            ),
            (false, Severity::Error) => cx.report(
                unmatched.at(start, "`include` is left out, and this is one of its defaults").help(
                    "`unlisted-users: offboard` ends the access of people in no file: write `include` with the \
                     patterns that you use.",
                ),
            ),
            (false, Severity::Warning) => {}
        }
    }
}

fn graded(severity: Severity, message: String) -> Diagnostic {
    Diagnostic { severity, ..Diagnostic::error(codes::INCLUDE_MATCHES_NOTHING, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_is_included_and_nothing_else() {
        let include = Include::of("include: [users/*.yaml, 'teams/{a,b}/**/*.yml', one.yaml]");
        let table = [
            (ROOT, true),
            (LOCK, true),
            ("users/a.yaml", true),
            ("users/deep/a.yaml", false),
            ("users/.a.yaml", false),
            ("users/a.yml", false),
            ("teams/a/x.yml", true),
            ("teams/b/c/d/x.yml", true),
            ("teams/b/.c/x.yml", false),
            ("teams/c/x.yml", false),
            ("one.yaml", true),
            ("two.yaml", false),
            (".github/rollbook.yaml", false),
        ];
        for (path, taken) in table {
            assert_eq!(include.takes(path), taken, "{path}");
        }
        assert_eq!(include.folders(), [""]);
    }

    #[test]
    fn leaves_the_folder_only_for_what_it_shares() {
        let include = Include::of(
            "include: ['**/*.yaml', '*/*.yaml', ../people/*.yaml, ../other/*.yaml, '../{people,x}/*.yaml', ../people/../x.yaml]\n\
             share: [../people]",
        );
        let table = [
            ("../people/a.yaml", true),
            ("../people/deep/a.yaml", false),
            ("../people/.a.yaml", false),
            ("../people/../a.yaml", false),
            ("../other/a.yaml", false),
            ("../x/a.yaml", false),
            ("../a.yaml", false),
            ("../../people/a.yaml", false),
            ("people/a.yaml", true),
        ];
        for (path, taken) in table {
            assert_eq!(include.takes(path), taken, "{path}");
        }
        assert_eq!(include.folders(), ["", "../people"]);
        assert!(include.reaches("../people") && !include.reaches("../people/x") && !include.reaches("../x"));
    }

    #[test]
    fn walks_no_more_than_it_must() {
        let folders = |text| Include::of(text).folders();
        assert_eq!(folders("version: 1"), ["groups", "users"]);
        assert_eq!(folders("include: [a/b/*.yaml, a/*.yaml, ab/c.yaml]"), ["a", "ab"]);
        assert_eq!(folders("include: [../x.yaml]"), Vec::<String>::new());
        assert_eq!(folders("not: [yaml"), ["groups", "users"]);
    }
}
