//! The documents say what the program does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rollbook::config;
use rollbook::model::formats;
use serde_json::Value;

fn keys(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                found.extend(properties.keys().cloned());
            }
            object.values().for_each(|value| keys(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_key_of_the_schema_stands_in_the_language_reference() {
    let page = fs::read_to_string("docs/language.md").unwrap();
    let mut found = BTreeSet::new();
    keys(&config::schema(), &mut found);
    assert!(found.len() > 40, "the schema has keys: {found:?}");
    let missing: Vec<&String> = found.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

/// A variable that no page names is one that nobody sets.
#[test]
fn every_variable_stands_on_a_page() {
    let mut pages = fs::read_to_string("README.md").unwrap();
    for page in fs::read_dir("docs").unwrap() {
        pages.push_str(&fs::read_to_string(page.unwrap().path()).unwrap());
    }
    let names: Vec<&str> = rollbook::environment::VARIABLES.iter().map(|(name, _)| *name).collect();
    assert!(names.len() > 10);
    let stands = |name: &&&str| ["`", "="].iter().any(|end| pages.contains(&format!("`{name}{end}")));
    let missing: Vec<&&str> = names.iter().filter(|name| !stands(name)).collect();
    assert_eq!(missing, Vec::<&&str>::new());
}

/// The YAML blocks that a page shows, with the name of the file that a first comment gives.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in page.lines() {
        match (&mut block, line) {
            (None, "```yaml") => block = Some(String::new()),
            (Some(text), "```") => {
                blocks.push(std::mem::take(text));
                block = None;
            }
            (Some(text), line) => text.push_str(&format!("{line}\n")),
            (None, _) => {}
        }
    }
    blocks
}

/// Every document that a page shows is valid, as a tree of its own.
#[test]
fn every_tree_that_a_page_shows_is_valid() {
    for page in ["README.md", "docs/adopting.md", "docs/language.md", "docs/surfaces.md"] {
        let blocks = blocks(&fs::read_to_string(page).unwrap());
        assert!(!blocks.is_empty(), "{page} shows YAML");
        for block in blocks {
            let folder = tempfile::tempdir().unwrap();
            let head = "version: 1\nsite: https://acme.atlassian.net\n";
            let is_lock = block.contains("from: jira");
            let is_root = block.contains("site:");
            let file = if is_lock { "rollbook.lock" } else { "groups/all.yaml" };
            fs::create_dir(folder.path().join("groups")).unwrap();
            fs::write(folder.path().join("rollbook.yaml"), if is_root { &block } else { head }).unwrap();
            if !is_root && block.lines().any(|line| !line.starts_with('#')) {
                fs::write(folder.path().join(file), &block).unwrap();
            }
            let loaded = config::load(folder.path(), jiff::civil::date(2026, 11, 22));
            assert!(loaded.declaration.is_some(), "{page}:\n{block}\n{:#?}", loaded.diagnostics);
        }
    }
}

/// The demo's copy of the example is the example.
#[test]
fn the_demo_has_every_file_of_the_example() {
    let root = Path::new("examples/acme");
    let files = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    let found: BTreeSet<String> = files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned())
        .filter(|path| path != "sandbox.yaml")
        .collect();
    let embedded: BTreeSet<String> =
        rollbook::commands::demo::EXAMPLE.iter().map(|(path, _)| (*path).to_string()).collect();
    assert_eq!(embedded, found);
}

#[test]
fn every_guard_stands_in_its_page_and_whether_it_may_be_waived() {
    let page = fs::read_to_string("docs/trust.md").unwrap();
    for guard in rollbook::model::Guard::ALL {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{guard}` |")));
        let row = row.unwrap_or_else(|| panic!("{guard} has a row"));
        let waived = if guard.waivable() { "| yes |" } else { "| never |" };
        assert!(row.ends_with(waived), "{row}");
    }
}

/// Links into the repository, as the text that is shown and the path.
fn links(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in page.split("](").zip(page.split("](").skip(1)) {
        let shown = part.0.rsplit('[').next().unwrap_or_default();
        let target = part.1.split(')').next().unwrap_or_default();
        let path = target.split('#').next().unwrap_or_default();
        if !path.is_empty() && !path.contains("://") {
            found.push((shown.trim_matches('`').to_owned(), path.to_owned()));
        }
    }
    found
}

/// Every file that a page links to is there, and every test that it names.
#[test]
fn what_a_page_refers_to_is_there() {
    let mut tests = 0;
    let listed = fs::read_dir("docs").unwrap().map(|page| page.unwrap().path());
    for page in ["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(PathBuf::from).into_iter().chain(listed) {
        let folder = page.parent().unwrap();
        for (shown, path) in links(&fs::read_to_string(&page).unwrap()) {
            let target = folder.join(&path);
            assert!(target.exists(), "{} links to {path}", page.display());
            if path.starts_with("tests/") && shown != path {
                let text = fs::read_to_string(target).unwrap();
                assert!(text.contains(&format!("fn {shown}(")), "{path} has no test named {shown}");
                tests += 1;
            }
        }
    }
    assert!(tests > 20, "SECURITY.md names the test that holds each promise");
}

/// Each format with what it holds, what writes it, and what of Rollbook reads it again.
const FORMATS: [(&str, &str, &str, &str); 13] = [
    (
        formats::PLAN,
        "a plan, sealed by a checksum",
        "`plan` and `show --format json`, `plan --out`",
        "`show`, `apply PLAN`",
    ),
    (
        formats::REPORT,
        "the outcome of each operation, and the obstacles",
        "`apply` and `undo --format json`",
        "",
    ),
    (formats::DIAGNOSTICS, "the mistakes in a tree", "`check --format json`", ""),
    (formats::DOCTOR, "the result for each credential", "`doctor --format json`", ""),
    (
        formats::EXPLANATION,
        "every path by which the tree puts somebody into a group",
        "`explain --format json`",
        "",
    ),
    (formats::USERS, "the users on the site, with their groups", "`users --format json`", ""),
    (
        formats::ACCESS,
        "who has which app of the site: a row a person and app, with roles and seats",
        "`users --by app --format json`",
        "",
    ),
    (
        formats::SNAPSHOT,
        "the state of the site, sealed by a checksum; undeclared people have pseudonyms",
        "`snapshot --out`",
        "`plan --live`, `--snapshot`",
    ),
    (
        formats::JOURNAL,
        "the steps of a run: lines of JSON without names, each with the hash of the previous line",
        "`apply`, `undo`",
        "`journal`, `undo`",
    ),
    (formats::JOURNAL_REPORT, "the contents of a journal", "`journal show --format json`", ""),
    (formats::JOURNALS, "the runs of a folder", "`journal list --format json`", ""),
    (
        formats::HISTORY,
        "the memberships that a tree ever declared, each with the commits that began and ended it",
        "`history --format json`",
        "",
    ),
    (formats::TREES, "the trees of a repository", "`trees --format json`", ""),
];

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap();
    let heads =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |head: &str| -> String {
        let kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
        head.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    heads.map(anchor).collect()
}

#[test]
fn what_code_cites_is_there() {
    let mut cited = 0;
    for page in ["docs/atlassian.md", "docs/design.md"] {
        let known = anchors(page);
        for root in ["src", "crates", "tests"] {
            for file in walkdir::WalkDir::new(root).into_iter().map(Result::unwrap) {
                if file.path().extension().is_none_or(|it| it != "rs") {
                    continue;
                }
                let text = fs::read_to_string(file.path()).unwrap();
                for part in text.split(&format!("{page}#")).skip(1) {
                    let anchor: String =
                        part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                    let place = file.path().display();
                    assert!(known.contains(&anchor), "{place}: {page} has no heading {anchor}");
                    cited += 1;
                }
            }
        }
    }
    assert!(cited > 300, "code cites its facts");
}

#[test]
fn every_fact_has_a_source_and_says_how_sure_it_is() {
    let page = fs::read_to_string("docs/atlassian.md").unwrap();
    for fact in page.split("\n### ").skip(1) {
        for part in ["**Source:**", "**Certainty:**", "**Used by:**"] {
            assert!(fact.contains(part), "{} lacks {part}", fact.lines().next().unwrap_or_default());
        }
    }
}

fn page_of_formats() -> String {
    let rows = FORMATS.iter().map(|(name, holds, written, read)| {
        let read = if read.is_empty() { "–" } else { read };
        let schema = name.replace("rollbook.", "").replace('/', ".v");
        format!("| [`{name}`](../schema/{schema}.json) | {holds} | {written} | {read} |\n")
    });
    format!(
        "<!-- A test writes this page: ROLLBOOK_BLESS=1 cargo test --test it the_page_of_formats -->

# Formats

Programs may rely on these. The key `format` of a document names its format, with the version at the end.

Within a version no key changes its name or its meaning, and no key that is always present disappears. Keys, and values of
codes and states, may be added: ignore unknown ones. A breaking change gives the format a new number and gets a line in the
changelog. The same holds for the codes of [diagnostics](diagnostics.md), guards, notes and obstacles, and for the exit codes
([exit-codes.md](exit-codes.md)). Text, Markdown and annotations are for people, and may change.

Rollbook reads only the current version of a format: it refuses a document of any other, and names both. It also refuses a plan
that another version of Rollbook made, or that somebody edited.

Each format links to its JSON Schema, which `rollbook schema` also prints. The schema of a journal describes one line.

| format | holds | written by | read by |
| --- | --- | --- | --- |
{}
Other files, with their own version or rules:

| file | holds | version | written by | read by |
| --- | --- | --- | --- | --- |
| rollbook.yaml, and what it includes | the tree ([language.md](language.md)): [schema](../schema/rollbook.schema.json) | `version: 1` | people, `import`, `fmt`, `prune`, `rename` | every command on a tree |
| rollbook.lock | which account and which group each declared name means | `version: 1` | `lock`, `import`, `rename`, `apply --write-lock` | every command on a tree |
| an access review | who has what on the site, frozen by a digest, and what is decided | `format: rollbook.review/1` | `review start`, people | `review check`, `status`, `apply` |
| a table of users | one row a person, every cell quoted; columns may come at the end | none: by its header | `users --format csv` | – |
| an export of the admin console | who has which account | none: by its header | Atlassian | `lock --accounts` |
| a seed of the sandbox | a pretended site | none: an unknown key is refused | people | `sandbox --seed` |
",
        rows.collect::<String>()
    )
}

#[test]
fn the_page_of_formats_has_every_one() {
    is_generated("docs/formats.md", &page_of_formats());
    assert_eq!(FORMATS.map(|(name, ..)| name), formats::ALL);
}

/// A format that only the code of its writer names would be on no page.
#[test]
fn every_format_is_named_in_one_place() {
    let is_format =
        |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_lowercase() || c == '-').starts_with('/');
    let mut elsewhere: Vec<PathBuf> = Vec::new();
    for root in ["src", "crates/rollbook-core/src", "crates/rollbook-atlassian/src"] {
        for file in walkdir::WalkDir::new(root) {
            let file = file.unwrap();
            if file.file_type().is_file() && file.file_name() != "formats.rs" {
                let text = fs::read_to_string(file.path()).unwrap();
                let named = text.split("\"rollbook.").skip(1).any(is_format);
                elsewhere.extend(named.then(|| file.path().to_owned()));
            }
        }
    }
    assert_eq!(elsewhere, Vec::<PathBuf>::new());
}

#[test]
fn the_page_of_exit_codes_has_every_one_in_the_order_in_which_they_count() {
    use rollbook::exit::Exit;
    let codes = [
        Exit::Usage,
        Exit::Invalid,
        Exit::Unfit,
        Exit::Refused,
        Exit::Failed,
        Exit::Incomplete,
        Exit::Pending,
        Exit::Done,
    ];
    assert!(codes.is_sorted_by(|one, other| one > other));
    let page = fs::read_to_string("docs/exit-codes.md").unwrap();
    let first = |row: &str| row.strip_prefix("| ")?.split(' ').next()?.parse::<u8>().ok();
    assert_eq!(page.lines().filter_map(first).collect::<Vec<u8>>(), codes.map(Exit::code));
}

/// Holds a page to what the program knows, or writes it.
fn is_generated(page: &str, text: &str) {
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        fs::write(page, text).unwrap();
    }
    let committed = fs::read_to_string(page).unwrap_or_default();
    assert_eq!(committed, text, "run ROLLBOOK_BLESS=1 cargo test --test it -- the_page_of");
}

/// Variables that are not Rollbook's own, by what reads them.
const OTHER_VARIABLES: [(&str, &str); 8] = [
    ("HTTPS_PROXY", "the HTTP proxy ([surfaces.md](surfaces.md#proxies-and-certificates))"),
    ("ALL_PROXY", "the same, if `HTTPS_PROXY` is not set"),
    ("NO_PROXY", "hosts to reach without a proxy"),
    ("SSL_CERT_FILE", "a file of certificate authorities, in PEM, instead of the system's"),
    ("SSL_CERT_DIR", "a folder of them"),
    (
        "XDG_STATE_HOME",
        "where logins are stored, in `rollbook/logins`; else `HOME`, in `.local/state`; on Windows `LOCALAPPDATA`",
    ),
    (
        "DISPLAY",
        "that a browser which `rollbook login` opens is seen, as `WAYLAND_DISPLAY`; not with `SSH_CONNECTION`, `SSH_TTY` or `CI`",
    ),
    ("NO_COLOR", "no colour, whatever its value, unless `--color always` asks for it"),
];

#[test]
fn the_page_of_the_environment_has_every_variable() {
    let rows = |variables: &[(&str, &str)]| -> String {
        variables.iter().map(|(name, meaning)| format!("| `{name}` | {meaning} |\n")).collect()
    };
    let text = format!(
        "<!-- A test writes this page: ROLLBOOK_BLESS=1 cargo test --test it the_page_of_the_environment -->

# Environment variables

Credentials come from the environment, and never from the configuration; for Jira, also from a
[login](surfaces.md#signing-in-with-the-browser), which is used where no credential for Jira is set here. Each secret can come from a file
instead, with `_FILE` behind the name of its variable; both together are an error. [surfaces.md](surfaces.md#making-the-credentials) says how to
make each credential, and the pages of the platforms how a job gets it.

| variable | meaning |
| --- | --- |
{}
Rollbook also reads these. `rollbook ci` reads the variables that describe a job of its platform as well.

| variable | meaning |
| --- | --- |
{}",
        rows(rollbook::environment::VARIABLES),
        rows(&OTHER_VARIABLES)
    );
    is_generated("docs/environment.md", &text);
}

#[test]
fn the_page_of_limits_has_every_one() {
    let bytes = |most: usize| match most {
        most if most >= 1 << 30 => format!("{} GiB", most >> 30),
        most => format!("{} MiB", most >> 20),
    };
    let number = |most: usize| match most / 1000 {
        0 => most.to_string(),
        thousands => format!("{thousands},{:03}", most % 1000),
    };
    let row = |what: &str, most: String| format!("| {what} | {most} |\n");
    let tree = config::LIMITS.iter().map(|(what, most, unit)| match *unit {
        "B" => row(what, bytes(*most)),
        unit => row(what, format!("{} {unit}", number(*most))),
    });
    let files = rollbook::commands::LIMITS.iter();
    let files = files.map(|(what, most)| row(what, bytes(usize::try_from(*most).unwrap())));
    let text = format!(
        "<!-- A test writes this page: ROLLBOOK_BLESS=1 cargo test --test it the_page_of_limits -->

# Limits

## What Rollbook does not do

It does not give an existing account a record in the SCIM directory.

Out of scope: browser login (a token comes from the environment); passwords, sessions and profile fields
of Atlassian accounts; Jira Server and Data Center; project roles and permission schemes.

## Size limits

Anything larger is refused, with the limit in the message. The first mistakes are shown, and the others counted. After a syntax
error, the rest of its file is not read.

| what | at most |
| --- | --- |
{}
[performance.md](performance.md) lists the limits of Atlassian's APIs, and how Rollbook keeps to them.
",
        tree.chain(files).collect::<String>()
    );
    is_generated("docs/limits.md", &text);
}
