//! Checks that another YAML reader reads a document as Rollbook does.

use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use serde_json::{Map, Number, Value as Json};

use crate::model::{FileId, is_invisible};

use super::events;
use super::mistakes::Mistakes;
use super::node::{Looks, Node, Value};

fn ours(text: &str) -> Json {
    let mut mistakes = Mistakes::default();
    let node = events::read(FileId(0), text, &mut mistakes).expect("a document");
    assert!(mistakes.no_errors(), "{text}\n{:#?}", mistakes.into_sorted());
    json(&node)
}

fn json(node: &Node<'_>) -> Json {
    match &node.value {
        Value::Scalar(scalar) => match scalar.looks() {
            Looks::Text | Looks::OldBoolean => Json::String(scalar.text.to_string()),
            Looks::Boolean => Json::Bool(scalar.text.eq_ignore_ascii_case("true")),
            Looks::Number => number(&scalar.text).map_or_else(|| Json::from(&*scalar.text), Json::Number),
            Looks::Null => Json::Null,
        },
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(map) => Json::Object(
            map.entries.iter().map(|entry| (entry.key.text.to_string(), json(&entry.value))).collect(),
        ),
        Value::Reported => panic!("a mistake"),
    }
}

/// `None` for texts that only readers of YAML 1.1 take for a number.
fn number(text: &str) -> Option<Number> {
    text.parse::<i64>().map(Number::from).ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

/// Texts without the hidden characters that are forbidden in a tree: readers of YAML 1.1, such as `serde_yaml`, take
/// U+2028 for a line break.
fn text() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "[a-z]{1,12}",
        "[a-z]{1,8}@[a-z]{1,8}\\.com",
        "\\PC{0,20}",
        "[ -~\\n]{0,30}",
        prop::sample::select(vec![
            "yes",
            "no",
            "null",
            "~",
            "true",
            "12",
            "1.5",
            "0x1F",
            "- a",
            "a: b",
            "#a",
            "a #b",
            "'",
            "\"",
            "|",
            ">",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a",
            "{",
            "[a]",
            " a ",
            "a\n\nb\n",
            "\ta",
            "2026-12-31",
            "12:30",
            "",
        ])
        .prop_map(str::to_owned),
    ];
    let seen = |c: &char| matches!(c, ' ' | '\n' | '\t') || !is_invisible(*c);
    text.prop_map(move |text| text.chars().filter(seen).collect())
}

fn document() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        4 => text().prop_map(Json::String),
        1 => any::<bool>().prop_map(Json::Bool),
        1 => any::<i32>().prop_map(Json::from),
    ];
    let value = leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
            prop::collection::btree_map(text(), inner, 0..6)
                .prop_map(|entries| Json::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    });
    prop::collection::btree_map("[a-z]{1,10}", value, 1..6)
        .prop_map(|entries| Json::Object(entries.into_iter().collect::<Map<_, _>>()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_others_write_means_the_same(document in document()) {
        let block = serde_yaml::to_string(&document).unwrap();
        assert_eq!(serde_yaml::from_str::<Json>(&block).unwrap(), document, "{block}");
        assert_eq!(ours(&block), document, "{block}");
        let generated = serde_saphyr::to_string(&document).unwrap();
        assert_eq!(ours(&generated), document, "{generated}");
        // A key of a flow mapping ends within 1024 characters, which these do.
        let flow = document.to_string();
        assert_eq!(ours(&flow), document, "{flow}");
    }
}

#[test]
fn what_people_write_means_the_same() {
    let texts = [
        "a: plain text with spaces\nb:   'it''s'\nc: \"tab\\té\"\n",
        "a:\n- x\n-   y\n- - z\n  - w\n-\n  k: v\n  l: w\n",
        "a: |\n  two\n  lines\n\nb: >-\n  folded\n  text\n\n  more\nc: |+\n  kept\n\n",
        "a: {b: [c, 'd', {e: f}], g: h}\nb: [\n  x, # comment\n  y,\n]\n",
        "\u{feff}# comment\n---\na: b # c\n'k: l': m#n\n\"o\": p:q\n...\n",
        "a: first\n  second\n\n  third\nb: 'first\n  second'\n",
        "a: x\r\nb:\r\n  - y\r\n  - z\r\n",
        "? a\n: b\n? c\n: - d\n",
        "a: 1\nb: -2\nc: 1.5\nd: true\ne: False\n",
    ];
    for text in texts {
        assert_eq!(ours(text), serde_yaml::from_str::<Json>(text).unwrap(), "{text}");
    }
}
