//! Random sequences of changes by different authors on random sites, and an oracle that knows what is true there and none
//! of Rollbook's code: whose each account is, also where its email is hidden, whose an old or tagged address is, which
//! group each id is, and who really made a change.
//!
//! `tree` and `edit` are what authors write, `site` what happens on the site, `meaning` what a tree means there, `rules`
//! what must hold after every single operation, `run` a sequence, `draw` draws one from a number, and `shrink` makes one
//! that breaks a promise small. All of a sequence follows from its number, and the numbers from `ROLLBOOK_ORACLE_FROM`.
//!
//! `ROLLBOOK_ORACLE` is how many sequences run. With `ROLLBOOK_ORACLE_SURVEY=1` nothing fails: every kind of break is
//! counted and printed, with the number of the sequence that has it first. `ROLLBOOK_ORACLE_ONE=N` tells sequence N.

mod draw;
mod edit;
mod meaning;
mod rules;
mod run;
mod shrink;
mod site;
mod tree;

use std::collections::BTreeMap;

use self::run::{Case, Reached};

/// How many sequences run where nothing else is asked for.
const SEQUENCES: u64 = 256;

#[test]
fn rules_hold_whoever_edits() {
    let survey = std::env::var("ROLLBOOK_ORACLE_SURVEY").is_ok_and(|asked| asked == "1");
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let (first, count) = match number("ROLLBOOK_ORACLE_ONE") {
        Some(one) => (one, 1),
        None => (
            number("ROLLBOOK_ORACLE_FROM").unwrap_or_default(),
            number("ROLLBOOK_ORACLE").unwrap_or(SEQUENCES),
        ),
    };
    let mut kinds: BTreeMap<String, (u64, usize)> = BTreeMap::new();
    let mut reached = Reached::default();
    for number in first..first + count {
        let case = draw::case(number);
        let Err(finding) = run::happens(&case, &mut reached) else { continue };
        let (case, finding) = shrink::shrink(case, finding, !survey);
        let kind = shrink::kind(&case, &finding);
        assert!(survey, "sequence {number} breaks a promise\n{}", told(&kind, &case, &finding));
        kinds.entry(kind).or_insert((number, 0)).1 += 1;
    }
    // Of every ten sequences, at least so many must have come to the point where something may break.
    let enough = |number: usize, of_ten: u64| number as u64 >= count / 10 * of_ten;
    let busy = enough(reached.merged, 10) && enough(reached.whole, 10) && enough(reached.operations, 15);
    assert!(
        busy && enough(reached.refused, 2) && enough(reached.incomplete, 1),
        "too little happens: {reached:?}"
    );
    if !survey {
        return;
    }
    println!("{count} sequences from {first}: {reached:?}");
    for (kind, (first, found)) in kinds {
        println!("{found:>5}  first {first:>6}  {kind}");
    }
}

/// A break as a person would look at it.
fn told(kind: &str, case: &Case, finding: &rules::Finding) -> String {
    let of_group = |group: &crate::world::Group| format!("{}: {:?}\n", group.name, group.members);
    let groups: String = case.live.groups.values().map(of_group).collect();
    let odd = case.live.accounts.iter().filter(|(_, account)| account.hidden || account.suspended);
    let odd: String =
        odd.map(|(id, it)| format!("{id}: hidden {}, suspended {}\n", it.hidden, it.suspended)).collect();
    let events: String = case.events.iter().map(|event| format!("{event:?}\n")).collect();
    let (what, tree, plan) = (&finding.what, case.tree.text(), &finding.plan);
    let surfaces = case.live.surfaces();
    format!("{kind}\n{what}\n\n{tree}\n{groups}{odd}{surfaces:?}\n\n{events}\n{plan}")
}
