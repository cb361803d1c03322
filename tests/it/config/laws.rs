//! What holds for every text.

use jiff::civil::date;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use rollbook::config::parse;
use rollbook::model::Locator;

use crate::config::tree;
use crate::fuzz::bodies::yaml::check;

/// Pieces of the language and of YAML, thrown together.
pub(crate) fn soup() -> impl Strategy<Value = String> {
    let pieces = [
        "version: 1\n",
        "site: https://acme.atlassian.net\n",
        "groups:\n",
        "users:\n",
        "policy:\n",
        "  sre:\n",
        "    members:\n",
        "      - ",
        "ada@acme.com",
        "Ada@acme.com",
        "группа",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ": ",
        "\n",
        "  ",
        "\t",
        "group: ",
        "user: ",
        "absent: true",
        "until: 2026-01-01",
        "except: ",
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
        "---\n",
        "...\n",
        "\"",
        "'",
        "|\n",
        ">-\n",
        "# ",
        "%YAML 1.2\n",
        "\r\n",
        "\r",
        "\u{feff}",
        "\u{202e}",
        "\u{1f600}",
        "null",
        "~",
        "yes",
        "12",
        "? ",
        "- ",
        "privileged: [sre]\n",
        "waive:\n",
    ];
    let piece = prop_oneof![prop::sample::select(pieces.to_vec()).prop_map(str::to_owned), "\\PC{0,3}"];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_a_panic(root in any::<String>(), other in "(?s).{0,200}") {
        check(&tree(&[("rollbook.yaml", &root), ("groups/a.yaml", &other), ("rollbook.lock", &other)]));
    }

    #[test]
    fn any_yaml_is_read_without_a_panic(root in soup(), other in soup(), lock in prop_oneof![Just(String::new()), soup()]) {
        check(&tree(&[("rollbook.yaml", &root), ("groups/a.yaml", &other), ("rollbook.lock", &lock)]));
    }
}

#[test]
fn fifteen_mistakes_in_five_files_are_all_reported_at_their_lines() {
    let tree = tree(&[
        (
            "rollbook.yaml",
            "version: 1\nsite: https://jira.acme.com\noperator: root\npolicy:\n  mode: strict\n  privileged: [admins]\n  exclusive: [[a]]\n\
             waive:\n  - { guard: wrong-site, for: [group.a], because: x, until: 2027-01-01 }\n",
        ),
        (
            "users/a.yaml",
            "users:\n  ada@acme.com: { activ: true }\n  bob@acme.com: { active: yes }\n  bob: {}\n",
        ),
        ("users/b.yaml", "users:\n  ada@acme.com: {}\n  Eve@acme.com: { name: 5 }\n"),
        (
            "groups/a.yaml",
            "groups:\n  a:\n    members: [eve@acme.com]\n  admins:\n    members: [ { group: a } ]\n  b: {}\n",
        ),
        (
            "groups/b.yaml",
            "groups:\n  c: { members: [ { group: d } ] }\n  d: { members: [ { group: c }, { group: e } ] }\n  f: { members: [",
        ),
    ]);
    let parsed = parse(&tree, date(2026, 6, 1));
    let locator = Locator::new(&tree);
    let found: Vec<String> = parsed
        .diagnostics
        .iter()
        .map(|d| {
            let place = locator.locate(d.labels[0].span.origin);
            format!("{}:{} {}", place.path, place.line, d.code)
        })
        .collect();
    let expected = [
        "groups/a.yaml:5 nesting-privileged",
        "groups/a.yaml:6 missing-key",
        "groups/b.yaml:2 group-cycle",
        "groups/b.yaml:4 invalid-yaml",
        "rollbook.yaml:2 bad-site",
        "rollbook.yaml:3 bad-email",
        "rollbook.yaml:5 unknown-value",
        "rollbook.yaml:7 too-few",
        "rollbook.yaml:9 unwaivable-guard",
        "users/a.yaml:2 unknown-key",
        "users/a.yaml:3 wrong-type",
        "users/a.yaml:4 bad-email",
        "users/b.yaml:2 declared-twice",
        "users/b.yaml:3 email-spellings",
        "users/b.yaml:3 needs-quotes",
    ];
    assert_eq!(found, expected);
}
