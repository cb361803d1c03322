//! Together with prettier: both come to rest after one round.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rollbook::config::format;

use super::typist::typed;

/// How many files there are, all of them for one process.
const FILES: usize = 1_000;

#[test]
fn prettier_and_fmt_come_to_rest() {
    let modules = env::var_os("ROLLBOOK_TEST_NODE_MODULES").map(PathBuf::from);
    let Some(prettier) = modules.map(|it| it.join("prettier/bin/prettier.cjs")).filter(|it| it.exists())
    else {
        return println!("skipped: ROLLBOOK_TEST_NODE_MODULES names no folder that has prettier");
    };
    let folder = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::deterministic();
    let mut texts = BTreeMap::new();
    for number in 0..FILES {
        let tape = super::tape().new_tree(&mut runner).unwrap().current();
        let text = format(&typed(&tape).text).unwrap();
        fs::write(folder.path().join(format!("{number}.yaml")), &text).unwrap();
        texts.insert(format!("{number}.yaml"), text);
    }
    let prettier = |mode: &str| {
        let mut node = Command::new("node");
        let ran = node.arg(&prettier).args([mode, "--log-level", "warn", "."]).current_dir(&folder).output();
        ran.expect("node runs")
    };
    let written = prettier("--write");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let mut changed = 0;
    for (path, before) in &texts {
        let after = fs::read_to_string(folder.path().join(path)).unwrap();
        let between = similar::TextDiff::from_lines(before, &after).unified_diff().to_string();
        assert_eq!(
            format(&after).as_ref(),
            Ok(&after),
            "`fmt` would change again what prettier changed:\n{between}"
        );
        // Prettier drops the blank line below a comment where the item of a list that follows ends with one.
        let lines =
            |text: &str| text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(before), lines(&after), "prettier changed more than a blank line:\n{between}");
        changed += usize::from(*before != after);
    }
    assert!(changed * 100 < FILES, "prettier changed {changed} of {FILES} files");
    let again = prettier("--list-different");
    assert!(again.status.success() && again.stdout.is_empty(), "{}", String::from_utf8_lossy(&again.stdout));
}
