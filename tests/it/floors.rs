//! Holds `src` to its floors: imports point down only, pure rooms stay pure, files and functions stay small.
//!
//! It reads tokens and not items, so that paths in expressions, types, attributes and macro bodies count like
//! those of a `use`; `#[cfg(test)]` modules count too. The tests at the end feed it bad sources, so that it is
//! known to be able to fail.

#![expect(clippy::expect_used, reason = "what cannot be read fails the test that reads it")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use syn::buffer::{Cursor, TokenBuffer};

const FILE_LINES: usize = 450;
const FUNCTION_LINES: usize = 70;

/// The files that know the HTTP client: one for Atlassian's APIs, one for the platforms'.
const CLIENTS: [&str; 2] = ["src/atlassian/client.rs", "src/platform/client.rs"];
/// The one file of a pure room that reads files.
const FILE_READER: &str = "src/config/files.rs";
/// Rooms of values in, values out.
const PURE: [&str; 5] = ["model", "config", "plan", "journal", "render"];

const FLOOR_1: [&str; 6] = ["model", "config", "plan", "atlassian", "journal", "platform"];
const FLOOR_2: [&str; 4] = ["fetch", "git", "apply", "render"];
/// How a run ends and where its text goes: for commands, and above.
const EDGE: [&str; 4] = ["environment", "error", "exit", "terminal"];

/// Whether a room may name another one; `None` when the first is no room.
fn may_name(room: &str, other: &str) -> Option<bool> {
    let under_commands =
        FLOOR_1.contains(&other) || FLOOR_2.contains(&other) || EDGE.contains(&other) || other == "sandbox";
    Some(match room {
        "model" => false,
        "config" | "plan" | "atlassian" | "journal" | "platform" | "sandbox" | "exit" | "terminal" => {
            other == "model"
        }
        "fetch" | "git" | "apply" | "render" | "environment" => FLOOR_1.contains(&other),
        "error" | "commands" => under_commands,
        "cli" => under_commands || other == "commands",
        "main" | "lib" => under_commands || other == "commands" || other == "cli",
        _ => return None,
    })
}

/// A path that a source names.
#[derive(Debug, PartialEq)]
struct Named {
    /// The inline modules around it.
    inside: Vec<String>,
    /// Its parts as written; the last one is `*` for a glob.
    parts: Vec<String>,
    /// Whether `as` follows.
    renamed: bool,
}

/// What a source names, and what it says to bring in code that these names do not show.
#[derive(Debug, Default)]
struct Names {
    paths: Vec<Named>,
    hidden: Vec<&'static str>,
}

impl Names {
    fn of(source: &str) -> Self {
        let tokens = TokenBuffer::new2(syn::parse_str(source).expect("sources are tokens"));
        let mut names = Self::default();
        names.scan(tokens.begin(), &[]);
        names
    }

    fn scan(&mut self, mut at: Cursor, inside: &[String]) {
        while !at.eof() {
            at = if let Some((name, body, rest)) = inline_module(at) {
                let inside: Vec<String> = inside.iter().cloned().chain([name]).collect();
                self.scan(body, &inside);
                rest
            } else if let Some((body, rest)) = attribute(at) {
                self.attribute(body, inside);
                rest
            } else if at.ident().is_some() {
                self.path(at, inside, &[])
            } else if let Some((body, _, _, rest)) = at.any_group() {
                self.scan(body, inside);
                rest
            } else {
                skip(at)
            };
        }
    }

    /// Reads the path that starts at an identifier or a glob, all branches of it where a `use` has branches.
    fn path<'a>(&mut self, at: Cursor<'a>, inside: &[String], before: &[String]) -> Cursor<'a> {
        let (part, after) = match (at.ident(), at.punct()) {
            (Some((ident, after)), _) if is_keyword(&ident.to_string()) => return after,
            (Some((ident, after)), _) => (plain(&ident.to_string()), after),
            (None, Some((star, after))) if star.as_char() == '*' => ("*".to_owned(), after),
            (None, _) => return skip(at),
        };
        let mut parts = before.to_vec();
        // `a::{self}` names `a`.
        if part != "self" || parts.is_empty() {
            parts.push(part);
        }
        if parts.last().is_some_and(|part| part == "include")
            && after.punct().is_some_and(|(punct, _)| punct.as_char() == '!')
        {
            self.hidden.push("include!");
        }
        if let Some(next) = double_colon(after) {
            if let Some((mut branches, _, _, rest)) = next.any_group() {
                while !branches.eof() {
                    branches = self.path(branches, inside, &parts);
                }
                return rest;
            }
            let glob = next.punct().is_some_and(|(punct, _)| punct.as_char() == '*');
            if glob || next.ident().is_some() {
                return self.path(next, inside, &parts);
            }
        }
        let renamed = after.ident().is_some_and(|(ident, _)| ident == "as");
        let inside = inside.to_vec();
        self.paths.push(Named { inside, parts, renamed });
        // The new name is no path of its own.
        match after.ident() {
            Some((_, name)) if renamed && !before.is_empty() => skip(name),
            Some(_) | None => after,
        }
    }

    /// Reads an attribute: `serde(with = "…")` names a path in a string.
    fn attribute(&mut self, body: Cursor, inside: &[String]) {
        if body.ident().is_some_and(|(ident, _)| ident == "path") {
            self.hidden.push("#[path]");
        }
        self.scan(body, inside);
        self.strings(body, inside);
    }

    fn strings(&mut self, mut at: Cursor, inside: &[String]) {
        while !at.eof() {
            at = if let Some((body, _, _, rest)) = at.any_group() {
                self.strings(body, inside);
                rest
            } else {
                let text = at.literal().map(|(literal, _)| literal.to_string());
                let text = text.as_deref().unwrap_or_default().trim_matches('"');
                if ["crate::", "super::", "rollbook::"].iter().any(|start| text.starts_with(start)) {
                    let tokens = TokenBuffer::new2(syn::parse_str(text).expect("a path in an attribute"));
                    self.scan(tokens.begin(), inside);
                }
                skip(at)
            };
        }
    }
}

fn skip(at: Cursor) -> Cursor {
    at.token_tree().map_or(at, |(_, rest)| rest)
}

/// Whether a word is a keyword that no path holds, such as the `use` of `use ::std::fs`.
fn is_keyword(word: &str) -> bool {
    !["crate", "self", "super", "Self"].contains(&word) && syn::parse_str::<syn::Ident>(word).is_err()
}

fn plain(ident: &str) -> String {
    ident.trim_start_matches("r#").to_owned()
}

fn double_colon(at: Cursor) -> Option<Cursor> {
    let colon = |at: Cursor<'_>| at.punct().is_some_and(|(punct, _)| punct.as_char() == ':');
    (colon(at) && colon(skip(at))).then(|| skip(skip(at)))
}

fn inline_module(at: Cursor<'_>) -> Option<(String, Cursor<'_>, Cursor<'_>)> {
    let (_, after) = at.ident().filter(|(ident, _)| ident == "mod")?;
    let (name, after) = after.ident()?;
    let (body, _, _, rest) = after.any_group()?;
    Some((plain(&name.to_string()), body, rest))
}

fn attribute(at: Cursor<'_>) -> Option<(Cursor<'_>, Cursor<'_>)> {
    let (_, after) = at.punct().filter(|(punct, _)| punct.as_char() == '#')?;
    let after = match after.punct() {
        Some((punct, inner)) if punct.as_char() == '!' => inner,
        Some(_) | None => after,
    };
    let (body, _, _, rest) = after.any_group()?;
    Some((body, rest))
}

/// What a path leads to.
#[derive(Debug, PartialEq)]
enum Target {
    /// A room of ours, or what might be one.
    Room(String),
    /// The root of the crate, from which everything can be named without being seen here.
    Root,
    /// Code that is not ours, or the same room.
    Elsewhere,
}

/// A file of `src`, as the checker knows it.
struct Source<'a> {
    /// With `/` between the parts, from `src` on.
    path: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// Its module path; empty for `lib.rs` and `main.rs`.
    fn module(&self) -> Vec<String> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod")) || ["lib", "main"].contains(&path) {
            module.pop();
        }
        module
    }

    fn room(&self) -> String {
        let root = || self.path.trim_start_matches("src/").trim_end_matches(".rs").to_owned();
        self.module().into_iter().next().unwrap_or_else(root)
    }

    fn target(&self, named: &Named) -> Target {
        let mut parts = named.parts.iter().map(String::as_str).peekable();
        let alone = named.parts.len() == 1 && !named.renamed;
        let mut base = self.module();
        base.extend(named.inside.iter().cloned());
        match parts.peek() {
            Some(&("crate" | "super" | "self" | "rollbook")) if alone => return Target::Elsewhere,
            Some(&("crate" | "rollbook")) => {
                parts.next();
                base.clear();
            }
            Some(&("super" | "self")) => {
                while let Some(step) = parts.next_if(|part| ["super", "self"].contains(part)) {
                    if step == "super" {
                        base.pop();
                    }
                }
            }
            Some(_) | None => return Target::Elsewhere,
        }
        base.extend(parts.map(str::to_owned));
        match base.into_iter().next() {
            None => Target::Root,
            Some(room) if room == "*" => Target::Root,
            Some(room) if room == self.room() => Target::Elsewhere,
            Some(room) => Target::Room(room),
        }
    }

    fn violations(&self) -> Vec<String> {
        let room = self.room();
        if may_name(&room, "model").is_none() {
            return vec![format!("{}: `{room}` stands on no floor", self.path)];
        }
        let names = Names::of(self.text);
        let mut found: Vec<String> =
            names.hidden.iter().map(|how| format!("brings code in by `{how}`")).collect();
        for named in &names.paths {
            let written = named.parts.join("::");
            match self.target(named) {
                Target::Room(other) if may_name(&room, &other) != Some(true) => {
                    found.push(format!("`{written}`: {room} may not name {other}"));
                }
                Target::Root => {
                    found.push(format!("`{written}` hides what it names behind the crate's root"));
                }
                Target::Room(_) | Target::Elsewhere => {}
            }
            found.extend(self.impurity(&room, named));
        }
        if !CLIENTS.contains(&self.path)
            && names.paths.iter().any(|named| named.parts.iter().any(|p| p == "reqwest"))
        {
            found.push(format!("names reqwest, which only {} may", CLIENTS.join(" and ")));
        }
        found.extend(self.sizes());
        found.into_iter().map(|what| format!("{}: {what}", self.path)).collect()
    }

    /// What a pure room must not name: clock, environment, files, processes, network.
    fn impurity(&self, room: &str, named: &Named) -> Option<String> {
        if !PURE.contains(&room) {
            return None;
        }
        let parts: Vec<&str> = named.parts.iter().map(String::as_str).collect();
        let files = matches!(parts[..], ["std", "fs", ..] | ["walkdir" | "tempfile", ..]);
        let impure = match parts[..] {
            ["std"] => named.renamed,
            ["std", "*" | "env" | "process" | "net" | "thread", ..] | ["tokio" | "fastrand", ..] => true,
            [.., "now"] => parts.len() > 1,
            _ => parts.iter().any(|part| ["SystemTime", "Instant"].contains(part)),
        };
        (impure || files && self.path != FILE_READER)
            .then(|| format!("`{}`: {room} is pure", named.parts.join("::")))
    }

    fn sizes(&self) -> Vec<String> {
        let lines = self.text.lines().count();
        let file = (lines > FILE_LINES).then(|| format!("{lines} lines; {FILE_LINES} are the most"));
        let functions = functions(self.text).into_iter().filter(|(_, lines)| *lines > FUNCTION_LINES);
        let functions = functions
            .map(|(name, lines)| format!("`{name}` has {lines} lines; {FUNCTION_LINES} are the most"));
        file.into_iter().chain(functions).collect()
    }
}

/// Every function and how many lines its body has. It relies on the shape that rustfmt gives a source: the
/// brace that ends a body of several lines stands alone, as far in as the line that `fn` is on.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = &line[..line.len() - code.len()];
        let Some(name) = function_name(code) else { continue };
        // The head ends at the first line as far in as `fn` that opens the body, or in `;` or on one line.
        let in_place = |line: &&str| line.starts_with(indent) && !line[indent.len()..].starts_with(' ');
        let head = lines[start..].iter().position(|line| in_place(line) && line.ends_with(['{', ';', '}']));
        let Some(open) = head.map(|length| start + length) else {
            continue;
        };
        let body = if lines[open].ends_with('{') { &lines[open + 1..] } else { &[] };
        let length = body.iter().position(|line| in_place(line) && line.trim_start().starts_with('}'));
        found.push((name, length.unwrap_or(0)));
    }
    found
}

fn function_name(code: &str) -> Option<String> {
    let (before, after) =
        if let Some(after) = code.strip_prefix("fn ") { ("", after) } else { code.split_once(" fn ")? };
    let qualifier = |word: &str| ["async", "const", "extern", "unsafe", "\"C\""].contains(&word);
    let visible = |word: &str| word.starts_with("pub") || word.ends_with(')');
    let named = before.split_whitespace().all(|word| qualifier(word) || visible(word) || word == "in");
    let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (named && !name.is_empty()).then_some(name)
}

fn sources(folder: &Path, below: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("src can be read") {
        let entry = entry.expect("src can be read");
        let path = format!("{below}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("src can be read").is_dir() {
            found.extend(sources(&entry.path(), &path));
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(entry.path()).expect("src can be read");
            found.push((path, text));
        }
    }
    found
}

/// The parser of people's YAML is an affair of one file, or of one room.
fn parsers(sources: &[(String, String)]) -> Option<String> {
    let parses = |text| Names::of(text).paths.iter().any(|named| named.parts[0] == "granit_parser");
    let files: BTreeSet<&String> =
        sources.iter().filter(|(_, text)| parses(text)).map(|(path, _)| path).collect();
    let in_room = files.iter().all(|path| path.starts_with("src/config/events/"));
    let fine = in_room || files.len() <= 1 && files.iter().all(|path| path.starts_with("src/config/"));
    (!fine).then(|| format!("one file or room of config may name granit_parser, and these do: {files:?}"))
}

#[test]
fn imports_point_down_and_rooms_stay_pure_and_small() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "src");
    assert!(sources.iter().any(|(path, _)| path == "src/lib.rs"), "src was read");
    let each = |(path, text): &(String, String)| Source { path, text }.violations();
    let mut found: Vec<String> = sources.iter().flat_map(each).collect();
    found.extend(parsers(&sources));
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

// Each line of a table is a source: where it stands, and what it holds.

const UPWARD: &str = r#"
src/model/tree.rs           use crate::plan::diff;
src/plan/diff.rs            use crate::config::decode;
src/plan/diff.rs            fn f() -> u8 { crate::render::width() }
src/plan/diff.rs            fn f(x: Vec<crate::fetch::Rows>) {}
src/plan/diff.rs            pub use super::super::config as other;
src/plan/mod.rs             use super::atlassian::Client;
src/plan/diff/deep.rs       use super::super::super::render::*;
src/plan/diff.rs            mod inner { use super::super::super::apply::run; }
src/plan/diff.rs            #[cfg(test)] mod tests { use rollbook::config::load; }
src/plan/diff.rs            use crate::{model::{Plan, Key as K}, render::{self as r}};
src/plan/diff.rs            use ::rollbook::{render};
src/plan/diff.rs            fn f() { println!("{}", crate::render::width()); }
src/plan/diff.rs            macro_rules! m { () => { use $crate::{model::Key, apply::run}; } }
src/plan/diff.rs            #[derive(S)] struct A { #[serde(with = "crate::render::text")] a: u8 }
src/plan/diff.rs            #[derive(crate::render::Show)] struct A;
src/plan/diff.rs            use crate::r#render::text;
src/render/plan.rs          use crate::apply::Report;
src/fetch/live.rs           use crate::render::text;
src/atlassian/client.rs     use crate::sandbox::router;
src/apply/run.rs            use crate::commands::apply;
src/apply/run.rs            use crate::error::Error;
src/sandbox/seed.rs         use crate::atlassian::wire;
src/journal/parse.rs        use crate::config::load;
src/plan/undo.rs            use crate::journal::Journal;
src/error.rs                use crate::commands::Outcome;
src/exit.rs                 use rollbook::config::Problems;
src/commands/plan.rs        use crate::cli::Args;
src/commands/plan.rs        use crate::unknown::Thing;
src/extra/plan.rs           struct A;
"#;

const HIDING: &str = r#"
src/plan/diff.rs            use crate as root;
src/plan/diff.rs            use crate::{self as root};
src/plan/diff.rs            use crate::*;
src/plan/mod.rs             use super::*;
src/plan/diff.rs            use super::super as top;
src/lib.rs                  extern crate self as me;
src/plan/diff.rs            extern crate rollbook as other;
src/plan/mod.rs             #[path = "../config/decode.rs"] mod decode;
src/plan/diff.rs            include!("../config/decode.rs");
"#;

const IMPURE: &str = r#"
src/config/decode.rs        use std::fs;
src/config/files.rs         use std::{env, path::Path};
src/model/plan.rs           fn f() { std::process::exit(1) }
src/plan/diff.rs            fn f() { return ::std::fs::read("a"); }
src/plan/diff.rs            use tokio::sync::Mutex;
src/plan/diff.rs            #[tokio::main] async fn f() {}
src/plan/diff.rs            use std as s;
src/plan/diff.rs            use std::*;
src/render/text.rs          use std::time::{Duration, Instant as Clock};
src/render/text.rs          use std::time::SystemTime;
src/journal/chain.rs        fn f() { std::fs::write("a", "b"); }
src/journal/chain.rs        fn f() { let t = Timestamp::now(); }
src/render/text.rs          fn f() { let t = jiff::Timestamp::now(); }
src/plan/diff.rs            use walkdir::WalkDir;
src/atlassian/jira.rs       use reqwest::Method;
src/commands/plan.rs        fn f(error: Box<reqwest::Error>) {}
src/apply/run.rs            extern crate reqwest as http;
"#;

const FINE: &str = r#"
src/model/mod.rs            mod plan; pub use plan::Plan; pub(crate) mod lock;
src/model/plan.rs           use super::address::{Action, Key}; impl crate::model::Key { fn f(self) { self.0; } }
src/plan/diff.rs            use crate::model::*; mod tests { use super::*; use super::super::order; }
src/plan/diff.rs            fn plan(config: u8) { let render = config as usize; render::<u8>(); }
src/config/files.rs         use std::fs; use walkdir::WalkDir; use super::Problem;
src/plan/diff.rs            /* Not crate::render, not reqwest. */ const A: &str = "crate::render";
src/apply/journal.rs        use crate::journal::Chain;
src/fetch/live.rs           use crate::atlassian::Client; use crate::plan::resolve; use tokio::task;
src/atlassian/client.rs     use reqwest::Client; use std::time::Instant; pub(super) fn f() {}
src/sandbox/seed.rs         use crate::model::AccountId; use super::state::State;
src/error.rs                use rollbook::model::Guard; use crate::exit::Exit;
src/commands/plan.rs        use crate::{error, exit, terminal}; use rollbook::{fetch, sandbox};
src/cli.rs                  use crate::commands::plan;
src/main.rs                 mod cli; use rollbook::commands; use crate::cli::Args; fn main() {}
"#;

#[test]
fn bad_sources_are_refused_and_good_ones_are_not() {
    for (table, each) in [(UPWARD, 1), (HIDING, 1), (IMPURE, 1), (FINE, 0)] {
        for line in table.trim().lines() {
            let (path, text) = line.split_once(' ').unwrap();
            let found = Source { path, text }.violations();
            assert_eq!(found.len(), each, "{line}\n{found:?}");
        }
    }
}

#[test]
fn a_second_parser_is_refused() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let parser = file("src/config/tree.rs", "use granit_parser::Parser;");
    assert_eq!(parsers(&[parser.clone(), file("src/config/mod.rs", "mod tree;")]), None);
    assert!(parsers(&[parser, file("src/config/lock.rs", "type P = granit_parser::Parser;")]).is_some());
    assert!(parsers(&[file("src/render/text.rs", "use granit_parser::Parser;")]).is_some());
}

#[test]
fn long_files_and_functions_are_refused() {
    let path = "src/plan/diff.rs";
    let violations = |text: &str| Source { path, text }.violations();
    assert_eq!(violations(&"\n".repeat(450)), [""; 0]);
    assert_eq!(violations(&"\n".repeat(451)), [format!("{path}: 451 lines; 450 are the most")]);
    let impls = |lines: usize| {
        format!(
            "impl A {{\n    fn short() {{}}\n    pub(in crate::plan) fn also<T>(\n        a: T,\n    ) -> T\n    \
             where\n        T: Copy,\n    {{\n        a\n    }}\n    pub async fn long() {{\n{}    }}\n}}\n",
            "        step();\n".repeat(lines)
        )
    };
    let counted = functions(&impls(71));
    let counted: Vec<_> = counted.iter().map(|(name, lines)| (name.as_str(), *lines)).collect();
    assert_eq!(counted, [("short", 0), ("also", 1), ("long", 71)]);
    assert_eq!(violations(&impls(70)), [""; 0]);
    assert_eq!(violations(&impls(71)), [format!("{path}: `long` has 71 lines; 70 are the most")]);
}
