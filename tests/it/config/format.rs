//! The canonical form: every comment and every meaning stay, and a second time changes nothing.

use fastrand::Rng;
use proptest::prelude::{ProptestConfig, any, proptest};
use rollbook::config::{FormatError, format, parse};
use rollbook::model::{Declaration, SourceFile, Tree};
use serde_json::Value;

use crate::edge::random::World;
use crate::world::TODAY;

/// How many trees there are.
fn trees() -> u64 {
    u64::from(crate::soak::worlds())
}

/// Writes a value as somebody might have typed it, with comments wherever YAML takes one.
struct Typist {
    rng: Rng,
    comments: usize,
    text: String,
}

impl Typist {
    fn odds(&mut self, percent: u32) -> bool {
        self.rng.u32(..100) < percent
    }

    fn comment(&mut self) -> String {
        self.comments += 1;
        let words = ["", " why: a, b", " - x # y", " [z", " 'q", " \"", "  two  spaces", " é 🚀"];
        format!("#c{}{}", self.comments, self.rng.choice(words).unwrap())
    }

    /// Ends a line, perhaps with a comment, and perhaps with more of them before the next one.
    fn line_end(&mut self, indent: usize) {
        if self.odds(20) {
            let space = " ".repeat(self.rng.usize(1..4));
            let comment = self.comment();
            self.text.push_str(&format!("{space}{comment}"));
        }
        self.text.push('\n');
        while self.odds(15) {
            if self.odds(40) {
                self.text.push('\n');
            }
            let comment = self.comment();
            self.text.push_str(&format!("{}{comment}\n", " ".repeat(indent)));
        }
    }

    fn scalar(&mut self, value: &Value) {
        let Value::String(text) = value else {
            self.text.push_str(&value.to_string());
            return;
        };
        let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "@.-".contains(c))
            && text != "null";
        match self.rng.u32(..3) {
            0 if is_plain => self.text.push_str(text),
            1 => self.text.push_str(&format!("'{}'", text.replace('\'', "''"))),
            _ => self.text.push_str(&value.to_string()),
        }
    }

    /// On one line, or on several with comments between.
    fn flow(&mut self, value: &Value, indent: usize) {
        let (open, close, items): (_, _, Vec<(Option<String>, &Value)>) = match value {
            Value::Array(items) => ('[', ']', items.iter().map(|item| (None, item)).collect()),
            Value::Object(map) => {
                ('{', '}', map.iter().map(|(key, value)| (Some(key.clone()), value)).collect())
            }
            other => return self.scalar(other),
        };
        let broken = self.odds(20);
        self.text.push(open);
        let count = items.len();
        for (index, (key, item)) in items.into_iter().enumerate() {
            if broken {
                self.line_end(indent + 2);
                self.text.push_str(&" ".repeat(indent + 2));
            }
            if let Some(key) = key {
                self.scalar(&Value::String(key));
                self.text.push_str(": ");
            }
            self.flow(item, indent + 2);
            if index + 1 < count {
                self.text.push_str(if self.rng.bool() { ", " } else { "," });
            }
        }
        if broken {
            self.line_end(indent);
            self.text.push_str(&" ".repeat(indent));
        }
        self.text.push(close);
    }

    /// A value behind `key:` or `-`, to the end of its last line.
    fn value(&mut self, value: &Value, indent: usize, depth: usize) {
        let is_empty = match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => true,
        };
        if is_empty || (depth > 1 && self.odds(40)) {
            self.text.push_str(&" ".repeat(self.rng.usize(1..3)));
            self.flow(value, indent);
            self.line_end(indent);
            return;
        }
        self.line_end(indent + 2);
        let deeper = indent + self.rng.usize(1..5);
        self.block(value, deeper, depth + 1);
    }

    fn block(&mut self, value: &Value, indent: usize, depth: usize) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.text.push_str(&format!("{}-", " ".repeat(indent)));
                    self.value(item, indent, depth.max(2));
                }
            }
            Value::Object(map) => {
                for (key, item) in map {
                    self.text.push_str(&" ".repeat(indent));
                    self.scalar(&Value::String(key.clone()));
                    self.text.push(':');
                    self.value(item, indent, depth);
                }
            }
            other => self.scalar(other),
        }
    }
}

fn typed(number: u64) -> Tree {
    let mut rng = Rng::with_seed(number);
    let files = World::of(number).files.into_iter().map(|(path, text)| {
        let value: Value = serde_yaml::from_str(&text).unwrap();
        let mut typist = Typist { rng: rng.fork(), comments: 0, text: String::new() };
        typist.line_end(0);
        typist.block(&value, 0, 0);
        let text = if typist.odds(10) { typist.text.replace('\n', "\r\n") } else { typist.text };
        SourceFile { path, text }
    });
    let mut files: Vec<SourceFile> = files.collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Tree { files }
}

/// The comments, sorted: those of a list that was between brackets may change their order. No name of a world holds `#c`
/// and a digit.
fn comments(text: &str) -> Vec<&str> {
    let parts = text.split("#c").skip(1);
    let whole = parts.filter(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    let mut comments: Vec<&str> =
        whole.map(|part| part.lines().next().unwrap_or_default().trim_end()).collect();
    comments.sort_unstable();
    comments
}

fn declared(tree: &Tree) -> Option<Declaration> {
    parse(tree, TODAY).declaration.map(Declaration::placeless)
}

#[test]
fn every_tree_keeps_its_comments_and_its_meaning_and_then_stays() {
    let (mut changed, mut kept) = (0, 0);
    for number in 0..trees() {
        let tree = typed(number);
        let before = declared(&tree);
        assert!(before.is_some(), "{number}: {tree:#?}");
        let file = |file: &SourceFile| {
            let text = format(&file.text).unwrap_or_else(|error| panic!("{number}: {error}\n{}", file.text));
            assert_eq!(comments(&text), comments(&file.text), "{number}\n{}\n{text}", file.text);
            assert_eq!(format(&text).as_deref(), Ok(text.as_str()), "{number}");
            SourceFile { path: file.path.clone(), text }
        };
        let after = Tree { files: tree.files.iter().map(file).collect() };
        assert_eq!(declared(&after), before, "{number}");
        for (one, other) in tree.files.iter().zip(&after.files) {
            kept += comments(&one.text).len();
            changed += usize::from(one.text != other.text);
            let second = |text: &str| serde_yaml::from_str::<Value>(text).unwrap();
            assert_eq!(second(&one.text), second(&other.text), "{number}");
        }
    }
    assert!(
        changed as u64 > trees() && kept as u64 > 8 * trees(),
        "{changed} files were changed, {kept} comments kept"
    );
}

#[test]
fn what_cannot_be_read_is_not_formatted() {
    assert_eq!(format("a: [b"), Err(FormatError::Unreadable));
    assert_eq!(format("a: {b: c}}"), Err(FormatError::Unreadable));
    assert_eq!(format("|\n\tversion: 1\nversion: 1\n\u{df2}"), Err(FormatError::Unreadable));
    assert_eq!(format("a: |\n \tb\n \u{e9}\n"), Ok("a: \"\\tb\\n\u{e9}\\n\"\n".to_owned()));
    assert_eq!(format("a:   b   # c"), Ok("a: b # c\n".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_yaml_is_formatted_or_refused_without_a_panic(text in crate::config::laws::soup(), other in any::<String>()) {
        for text in [text, other] {
            if let Ok(once) = format(&text) {
                assert_eq!(format(&once).as_deref(), Ok(once.as_str()), "{text}");
            }
        }
    }
}
