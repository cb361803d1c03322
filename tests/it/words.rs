//! Prose is held to the phrases of `docs/style.md`.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use ra_ap_rustc_lexer::{FrontmatterAllowed, LiteralKind, TokenKind, tokenize};
use regex::{Captures, Regex};

use crate::cli::repository;

const PAGE: &str = "docs/style.md";

const PROSE: [&str; 7] = [".rs", ".md", ".yaml", ".yml", ".toml", ".sh", ".ci/run"];

/// A row of the table of phrases.
struct Phrase {
    not: Regex,
    except: Option<Regex>,
    but: String,
    example: String,
    better: String,
}

impl Phrase {
    /// Where the phrase is, but for right English and parts of names such as `written-anew` and `{beside}`.
    fn found<'a>(&'a self, prose: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let right: Vec<Range<usize>> =
            self.except.iter().flat_map(|it| it.find_iter(prose)).map(|it| it.range()).collect();
        let hits = self.not.find_iter(prose).map(|it| it.range());
        hits.filter(move |hit| {
            let is_name = prose[..hit.start].ends_with(['-', '/', '_', '{'])
                || prose[hit.end..].starts_with(['-', '/', '_', '}']);
            !is_name && !right.iter().any(|right| right.start < hit.end && hit.start < right.end)
        })
    }
}

/// The patterns of a cell as one; none for `–`.
fn patterns(cell: &str) -> Option<Regex> {
    let patterns: Vec<String> = cell.split('`').skip(1).step_by(2).map(|it| it.replace("\\|", "|")).collect();
    let any = patterns.join("|").replace(' ', r"\s+");
    (!patterns.is_empty()).then(|| Regex::new(&format!(r"(?i-u:\b)(?i:{any})(?-u:\b)")).unwrap())
}

fn phrases() -> Vec<Phrase> {
    let page = fs::read_to_string(repository().join(PAGE)).unwrap();
    let (_, table) = page.split_once("| --- | --- | --- | --- | --- |\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let phrases = rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [not, but, except, example, better] = cells[..] else { panic!("five cells: {row}") };
        let [but, example, better] = [but, example, better].map(str::to_owned);
        Phrase { not: patterns(not).unwrap(), except: patterns(except), but, example, better }
    });
    phrases.collect()
}

/// Masks a part, so that no phrase reaches across it, and every line stays where it is.
fn mask(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { '\0' }).collect()
}

fn blank(found: &Captures<'_>) -> String {
    " ".repeat(found[0].len())
}

/// What people read of a file, each character at its line.
struct Reader {
    slashes: Regex,
    escape: Regex,
    hashes: Regex,
    code: Regex,
}

impl Reader {
    fn new() -> Self {
        let regex = |pattern| Regex::new(pattern).unwrap();
        Self {
            slashes: regex("^//[/!]?"),
            escape: regex(r"\\(?s:.)"),
            hashes: regex(r"(?m)^[ \t]*#+|[ \t]#+[ \t]"),
            code: regex(r"(?ms)^[ \t>]*```.*?^[ \t>]*```|`[^`\n]*`|\]\([^)\n]*\)|https?://\S+"),
        }
    }

    /// The comments and strings of a Rust source; each other token is masked.
    fn rust(&self, source: &str) -> String {
        let mut prose = String::with_capacity(source.len());
        let mut rest = source;
        for token in tokenize(source, FrontmatterAllowed::No) {
            let (text, after) = rest.split_at(usize::try_from(token.len).unwrap());
            rest = after;
            match token.kind {
                TokenKind::LineComment { .. } => prose.push_str(&self.slashes.replace(text, blank)),
                TokenKind::Literal {
                    kind: LiteralKind::Str { .. } | LiteralKind::ByteStr { .. }, ..
                } => {
                    prose.push_str(&self.escape.replace_all(text, |found: &Captures<'_>| match &found[0] {
                        "\\\n" => " \n".to_owned(),
                        other => mask(other),
                    }));
                }
                TokenKind::Literal {
                    kind: LiteralKind::RawStr { .. } | LiteralKind::RawByteStr { .. },
                    ..
                }
                | TokenKind::BlockComment { .. }
                | TokenKind::Whitespace => prose.push_str(text),
                _ => prose.push_str(&mask(text)),
            }
        }
        prose
    }

    fn prose(&self, path: &str, text: &str) -> String {
        let prose = if Path::new(path).extension().is_some_and(|it| it == "rs") {
            self.rust(text)
        } else {
            self.hashes.replace_all(text, blank).into_owned()
        };
        self.code.replace_all(&prose, |found: &Captures<'_>| mask(&found[0])).into_owned()
    }

    fn check(&self, phrases: &[Phrase], path: &str, text: &str) -> Vec<String> {
        let prose = self.prose(path, text);
        let hits = phrases.iter().flat_map(|phrase| phrase.found(&prose).map(move |hit| (hit, &phrase.but)));
        let mut hits: Vec<(usize, &str, &String)> =
            hits.map(|(hit, but)| (hit.start, &prose[hit], but)).collect();
        hits.sort_unstable();
        let words = |text: &str| text.split_whitespace().collect::<Vec<&str>>().join(" ");
        let line = |at: usize| prose[..at].matches('\n').count() + 1;
        hits.into_iter()
            .map(|(at, hit, but)| format!("{path}:{}: {} -> {but}", line(at), words(hit)))
            .collect()
    }
}

#[test]
fn every_phrase_finds_its_example_and_not_what_is_better() {
    let phrases = phrases();
    assert!(phrases.len() > 20);
    for phrase in &phrases {
        assert!(
            phrase.found(&phrase.example).next().is_some(),
            "{} does not find: {}",
            phrase.not,
            phrase.example
        );
        for other in &phrases {
            let found: Vec<_> = other.found(&phrase.better).collect();
            assert!(found.is_empty(), "{} finds: {}", other.not, phrase.better);
        }
    }
}

#[test]
fn prose_is_read_and_code_is_not() {
    let (phrases, reader) = (phrases(), Reader::new());
    let found = |path: &str, text: &str| -> Vec<String> {
        let lines = reader.check(&phrases, path, text);
        lines.iter().map(|line| line.split(" -> ").next().unwrap().to_owned()).collect()
    };
    let source = "//! Made\n//! anew.\nfn anew() { /* anew */ }\n/// `anew` and whoever\n/// comes: it is\n/// none.\n\
                  const A: &str = \"is \\\n  none \\n anew\";\nconst B: &str = r#\"\"anew\"\"#; // it is longer\n";
    let wanted = ["2: anew", "3: anew", "4: whoever", "5: is none", "7: is none", "8: anew", "9: anew"];
    assert_eq!(found("a.rs", source), wanted.map(|it| format!("a.rs:{it}")));
    let page = "# Anew\n\n`anew`, [it](anew.md) and there is none\n\n```text\nanew\n```\nwhoever\n";
    assert_eq!(found("a.md", page), ["a.md:1: Anew", "a.md:8: whoever"]);
    assert_eq!(found("a.yaml", "anew: 1\n# It is\n# none.\n"), ["a.yaml:1: anew", "a.yaml:2: is none"]);
}

#[test]
fn prose_has_none_of_the_phrases() {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(repository())
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let (phrases, reader) = (phrases(), Reader::new());
    let mut hits = Vec::new();
    let mut read = 0;
    for path in listed.split('\0').filter(|path| PROSE.iter().any(|end| path.ends_with(end))) {
        if path == PAGE || path == "tests/it/words.rs" {
            continue;
        }
        // A file of a test may be gone, or hold bytes that are not UTF-8 on purpose.
        let Ok(bytes) = fs::read(repository().join(path)) else { continue };
        hits.extend(reader.check(&phrases, path, &String::from_utf8_lossy(&bytes)));
        read += 1;
    }
    assert!(read > 500, "git lists the sources");
    assert!(hits.is_empty(), "{} phrases; {PAGE} says why:\n{}", hits.len(), hits.join("\n"));
}
