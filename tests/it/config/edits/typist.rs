//! Random trees, written in every style of YAML that `check` accepts.

use std::collections::BTreeMap;

use rollbook::model::Tree;
use serde_json::{Map, Value, json};

use super::FILE;

/// The tree's first file.
pub(super) const ROOT: &str = "version: 1\nsite: 'https://acme.atlassian.net'   # the site\n";

/// A random file of groups and people.
pub(super) struct Typed {
    pub(super) text: String,
    /// What it says.
    pub(super) says: Value,
    /// Its groups.
    pub(super) groups: Vec<String>,
    /// Each comment, with the keys and items that lead to what it is about.
    pub(super) comments: BTreeMap<String, String>,
}

impl Typed {
    pub(super) fn tree(&self) -> Tree {
        crate::config::tree(&[("rollbook.yaml", ROOT), (FILE, &self.text)])
    }
}

/// Draws a file.
pub(super) fn typed(tape: &[u8]) -> Typed {
    let mut tape = Tape { bytes: tape, at: 0 };
    let says = drawn(&mut tape);
    let groups = says["groups"].as_object().unwrap().keys().cloned().collect();
    let mut typist = Typist { tape, comments: BTreeMap::new(), text: String::new() };
    if typist.tape.odds(10) {
        typist.text.push_str("---\n");
    }
    let Value::Object(map) = &says else { unreachable!() };
    if typist.tape.odds(5) {
        typist.flow(&says, 0, &Vec::new());
        typist.line_end(&Vec::new());
    } else {
        typist.mapping(map, 0, &Vec::new(), true);
    }
    if typist.tape.odds(5) {
        typist.text.push_str("...\n");
    }
    let crlf = typist.tape.odds(15);
    let text = if crlf { typist.text.replace('\n', "\r\n") } else { typist.text };
    Typed { text, says, groups, comments: typist.comments }
}

/// Choices, the first of each where the tape has ended.
struct Tape<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Tape<'_> {
    fn next(&mut self) -> usize {
        self.at += 1;
        self.bytes.get(self.at - 1).map_or(0, |byte| usize::from(*byte))
    }

    fn pick(&mut self, of: usize) -> usize {
        self.next() % of
    }

    fn odds(&mut self, percent: usize) -> bool {
        self.next() * 100 >= 256 * (100 - percent)
    }
}

const TEXTS: [&str; 8] = [
    "short",
    "two words",
    "it's \"quoted\" twice",
    "a text: of many words, [with] {odd} signs & more of them, so long that no line holds it",
    "leads the team until the new office is open, and then some more",
    "one line\nanother line\n",
    "one paragraph\n\n  indented\nlast",
    "a back\\slash and 'one' quote",
];

/// What a file says: every name in it is there once.
fn drawn(tape: &mut Tape<'_>) -> Value {
    let mut groups = Map::new();
    let names = [
        "dev",
        "a group of a long name that takes nearly all of the line for itself alone, and",
        "Ops: \"x\"",
        "\u{e9}quipe",
    ];
    for (number, name) in names.into_iter().enumerate().take(1 + tape.pick(4)) {
        let mut group = Map::new();
        if tape.odds(20) {
            group.insert("description".into(), json!(TEXTS[tape.pick(5)]));
        }
        if tape.odds(20) {
            let owners: Vec<Value> =
                (0..tape.pick(3)).map(|owner| json!(format!("owner{owner}@acme.com"))).collect();
            group.insert("owners".into(), json!(owners));
        }
        let first = tape.odds(20);
        if first {
            group.insert("mode".into(), json!("exact"));
        }
        let members: Vec<Value> =
            (0..tape.pick(5)).map(|member| drawn_member(tape, number, member)).collect();
        group.insert("members".into(), json!(members));
        if !first && tape.odds(20) {
            group.insert("mode".into(), json!("at-least"));
        }
        groups.insert(name.into(), json!(group));
    }
    let mut file = Map::new();
    let users: Map<String, Value> = (0..tape.pick(3)).map(|number| drawn_user(tape, number)).collect();
    let before = tape.odds(30);
    if before && !users.is_empty() {
        file.insert("users".into(), json!(users));
    }
    file.insert("groups".into(), json!(groups));
    if !before && !users.is_empty() {
        file.insert("users".into(), json!(users));
    }
    Value::Object(file)
}

fn drawn_member(tape: &mut Tape<'_>, group: usize, number: usize) -> Value {
    let email = if tape.odds(10) {
        format!("somebody.of.a.very.long.name.{group}.{number}@department.of.much.acme.com")
    } else {
        format!("m{group}{number}@acme.com")
    };
    let mut entry = Map::new();
    match tape.pick(4) {
        0 => return json!(email),
        1 => {
            entry.insert("user".into(), json!(email));
        }
        2 => {
            entry.insert("synced".into(), json!(format!("idp-{group}-{number}")));
        }
        _ => {
            entry.insert("account".into(), json!(format!("712020:{group}{number}")));
        }
    }
    if tape.odds(40) {
        entry.insert("until".into(), json!("2027-01-31"));
    }
    if tape.odds(50) {
        entry.insert("because".into(), json!(TEXTS[tape.pick(8)]));
    }
    if tape.odds(20) {
        // What somebody is known by may stand last.
        let first = entry.keys().next().cloned().unwrap();
        let (key, value) = entry.shift_remove_entry(&first).unwrap();
        entry.insert(key, value);
    }
    Value::Object(entry)
}

fn drawn_user(tape: &mut Tape<'_>, number: usize) -> (String, Value) {
    let mut user = Map::new();
    user.insert("active".into(), json!(true));
    if tape.odds(50) {
        user.insert(
            "name".into(),
            json!(["Ada Lovelace", "Chen 'C' Li", "\u{738b}\u{5c0f}\u{660e}"][tape.pick(3)]),
        );
    }
    (format!("u{number}@acme.com"), Value::Object(user))
}

struct Typist<'t> {
    tape: Tape<'t>,
    comments: BTreeMap<String, String>,
    text: String,
}

type Path = Vec<String>;

fn within(path: &Path, label: impl Into<String>) -> Path {
    path.iter().cloned().chain([label.into()]).collect()
}

impl Typist<'_> {
    fn comment(&mut self, of: &Path) -> String {
        let number = format!("#c{}", self.comments.len());
        self.comments.insert(number.clone(), of.join("\u{1f}"));
        let words = ["", " why: a, b", " - x # y", " [z", " 'q", " \"", "  two  spaces", " \u{e9} \u{1f680}"];
        format!("{number}{}", words[self.tape.pick(words.len())])
    }

    /// Ends a line, perhaps with a comment.
    fn line_end(&mut self, of: &Path) {
        if self.tape.odds(15) {
            let space = " ".repeat(1 + self.tape.pick(3));
            let comment = self.comment(of);
            self.text.push_str(&format!("{space}{comment}"));
        }
        self.text.push('\n');
    }

    fn blank_lines(&mut self) {
        if self.tape.odds(10) {
            self.text.push_str(["\n", "\n\n\n", "  \n"][self.tape.pick(3)]);
        }
    }

    /// Comments with a line each.
    fn lines(&mut self, of: &Path, indent: usize) {
        let mut first = true;
        while self.tape.odds(12) {
            // A blank line parts what is above it from what is below.
            if std::mem::take(&mut first) {
                self.blank_lines();
            }
            let comment = self.comment(of);
            self.text.push_str(&format!("{}{comment}\n", " ".repeat(indent)));
        }
    }

    /// What is above an entry: comments about it, and, separated by a blank line, about more.
    fn above(&mut self, parent: &Path, of: &Path, indent: usize) {
        if self.tape.odds(8) {
            let comment = self.comment(parent);
            self.text.push_str(&format!("{}{comment}\n\n", " ".repeat(indent)));
        }
        self.lines(of, indent);
    }

    fn quoted(&mut self, text: &str) -> String {
        if self.tape.odds(50) || text.contains('\n') {
            json!(text).to_string()
        } else {
            format!("'{}'", text.replace('\'', "''"))
        }
    }

    /// On one line.
    fn scalar(&mut self, value: &Value) -> String {
        let Value::String(text) = value else { return value.to_string() };
        let plain = |c: char| c.is_ascii_alphanumeric() || "@.- ".contains(c);
        let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain);
        if is_plain && !self.tape.odds(30) { text.clone() } else { self.quoted(text) }
    }

    /// Behind `key:` or `-`, where lines may follow.
    fn text(&mut self, value: &Value, indent: usize, of: &Path) {
        let text = value.as_str().unwrap_or_default();
        let deeper = " ".repeat(indent + 1 + self.tape.pick(4));
        let is_tidy = !text.starts_with(' ') && text.contains(' ');
        let in_lines = |text: &str| {
            text.lines()
                .map(|line| if line.is_empty() { "\n".into() } else { format!("{deeper}{line}\n") })
                .collect::<String>()
        };
        match self.tape.pick(8) {
            1 if is_tidy => {
                let head = if text.ends_with('\n') { "|" } else { "|-" };
                self.text.push_str(&format!(" {head}"));
                self.line_end(of);
                self.text.push_str(&in_lines(text));
            }
            2 if is_tidy && !text.contains('\n') => {
                self.text.push_str(if self.tape.odds(50) { " >-" } else { " >-2" });
                let deeper = if self.text.ends_with('2') { " ".repeat(indent + 2) } else { deeper };
                self.line_end(of);
                self.text.push_str(&format!("{deeper}{}\n", text.replacen(' ', &format!("\n{deeper}"), 2)));
            }
            3 if is_tidy && !text.contains('\n') => {
                let scalar = self.scalar(value).replacen(' ', &format!("\n{deeper}"), 2);
                let first = if self.tape.odds(30) { format!("\n{deeper}") } else { " ".into() };
                self.text.push_str(&format!("{first}{scalar}"));
                self.line_end(of);
            }
            _ => {
                let scalar = self.scalar(value);
                self.text.push_str(&format!("{}{scalar}", " ".repeat(1 + self.tape.pick(2))));
                self.line_end(of);
            }
        }
    }

    /// Between brackets, on one line or on several with comments between.
    fn flow(&mut self, value: &Value, indent: usize, of: &Path) {
        let (open, close, items): (_, _, Vec<(Option<&String>, &Value)>) = match value {
            Value::Array(items) => ('[', ']', items.iter().map(|item| (None, item)).collect()),
            Value::Object(map) => ('{', '}', map.iter().map(|(key, value)| (Some(key), value)).collect()),
            other => {
                let scalar = self.scalar(other);
                return self.text.push_str(&scalar);
            }
        };
        let broken = self.tape.odds(25);
        self.text.push(open);
        let count = items.len();
        if broken {
            self.line_end(of);
        } else if self.tape.odds(50) {
            self.text.push(' ');
        }
        for (index, (key, item)) in items.into_iter().enumerate() {
            let path = within(of, key.cloned().unwrap_or_else(|| super::places::label(item)));
            if broken {
                self.lines(&path, indent + 2);
                self.text.push_str(&" ".repeat(indent + 2));
            }
            if let Some(key) = key {
                if self.tape.odds(5) {
                    self.text.push_str("? ");
                }
                let key = self.scalar(&json!(key));
                self.text.push_str(&format!("{key}: "));
            }
            self.flow(item, indent + 2, &path);
            if index + 1 < count || self.tape.odds(10) {
                self.text.push_str(if self.tape.odds(50) { ", " } else { "," });
            }
            if broken {
                self.line_end(&path);
            }
        }
        if broken {
            self.lines(of, indent + 2);
            self.text.push_str(&" ".repeat(indent + 1));
        }
        self.text.push(close);
    }

    /// A value behind `key:` or `-`, to the end of its last line; `of_key` may have its dashes below its key.
    fn value(&mut self, value: &Value, indent: usize, of: &Path, of_key: bool) {
        let is_empty = match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => return self.text(value, indent, of),
        };
        if is_empty || self.tape.odds(40) {
            self.text.push(' ');
            self.flow(value, indent, of);
            return self.line_end(of);
        }
        if let Value::Object(map) = value {
            if !of_key && self.tape.odds(60) {
                // On the line of its dash.
                let spaces = 1 + self.tape.pick(3);
                self.text.push_str(&" ".repeat(spaces));
                return self.mapping(map, indent + 1 + spaces, of, false);
            }
            self.line_end(of);
            let deeper = indent + 1 + self.tape.pick(4);
            return self.mapping(map, deeper, of, true);
        }
        self.line_end(of);
        let is_compact = of_key && self.tape.odds(30);
        let deeper = if is_compact { indent } else { indent + 1 + self.tape.pick(4) };
        for item in value.as_array().unwrap() {
            let path = within(of, super::places::label(item));
            self.blank_lines();
            self.above(of, &path, deeper);
            self.text.push_str(&format!("{}-", " ".repeat(deeper)));
            self.value(item, deeper, &path, false);
        }
        if !is_compact {
            self.lines(of, deeper);
        }
    }

    /// A mapping in lines; the first of them may be begun already.
    fn mapping(&mut self, map: &Map<String, Value>, indent: usize, of: &Path, mut starts: bool) {
        let mut ends_in_dashes = false;
        for (key, value) in map {
            let path = within(of, key);
            if starts {
                self.blank_lines();
                self.above(of, &path, indent);
                self.text.push_str(&" ".repeat(indent));
            }
            starts = true;
            let before = self.text.len();
            if self.tape.odds(8) {
                let key = self.scalar(&json!(key));
                self.text.push_str(&format!("? {key}"));
                self.line_end(&path);
                self.text.push_str(&format!("{}:", " ".repeat(indent)));
            } else {
                let key = self.scalar(&json!(key));
                self.text.push_str(&format!("{key}:"));
            }
            self.value(value, indent, &path, true);
            let dashes = format!("\n{}-", " ".repeat(indent));
            let written = &self.text[before..];
            ends_in_dashes = value.is_array() && written.contains(&dashes);
        }
        if !ends_in_dashes {
            self.lines(of, indent);
        }
    }
}
