//! The walked table as a page: cells that are alike are one row.

use super::Verdict;
use super::axes::{Author, Cell, History, Kind, Rule};
use super::promise::Promise;

const HEAD: &str = "\
# What each rule does, case by case

<!-- A test writes this page: ROLLBOOK_BLESS=1 cargo test --test it trust -->

[trust.md](trust.md) says what each rule promises. A test makes a plan for every combination of a rule, a group, an author
and a history, holds it to that promise, and writes down here what it found. Cells that are alike are one row.

- *refused*: the whole plan is, with exit 4. *blocked*: the operation is left out, with exit 6, and the rest goes on.
  *mistake*: `check` and every plan end with 3. *no plan*: exit 1. *allowed by this change*: it
  passes, and the plan shows first that the rules of before would refuse it. *–*: there is no such case.
- *unread* is about plans from a snapshot. A listing of the site that fails, or is incomplete, ends a run with 1: no plan is ever
  made from it.
- `wrong-site` is not here. It ends a run before there is a plan.
";

/// Everything that a row says of one verdict.
struct Row {
    kinds: Vec<Kind>,
    authors: Vec<Author>,
    histories: Vec<History>,
    verdict: Verdict,
}

pub(super) fn page(walk: &[(Cell, Verdict, Promise)]) -> String {
    let mut page = HEAD.to_owned();
    page.push_str(&legend("group", &Kind::ALL, Kind::title, Kind::meaning));
    page.push_str(&legend("author", &Author::ALL, Author::title, Author::meaning));
    page.push_str(&legend("history", &History::ALL, History::title, History::meaning));
    for rule in Rule::ALL {
        page.push_str(&format!("\n## {}\n\n{}\n\n", rule.title(), rule.tries()));
        page.push_str(
            "| group | author | history | verdict | what the plan reports |\n| --- | --- | --- | --- | --- |\n",
        );
        let cells = walk.iter().filter(|(cell, ..)| cell.rule == rule);
        for row in rows(cells.map(|(cell, verdict, _)| (*cell, verdict))) {
            page.push_str(&line(&row));
        }
    }
    page
}

/// What the words of a column mean.
fn legend<T: Copy>(
    column: &str,
    all: &[T],
    title: fn(T) -> &'static str,
    meaning: fn(T) -> &'static str,
) -> String {
    let rows = all.iter().map(|item| format!("| {} | {} |\n", title(*item), meaning(*item)));
    format!("\n| {column} | is |\n| --- | --- |\n{}", rows.collect::<String>())
}

/// The cells of a rule, with those that are alike together: first histories, then authors, then groups.
fn rows<'a>(cells: impl Iterator<Item = (Cell, &'a Verdict)>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (cell, verdict) in cells {
        let verdict = alike(verdict);
        let same = rows
            .iter_mut()
            .find(|row| row.verdict == verdict && row.kinds == [cell.kind] && row.authors == [cell.author]);
        match same {
            Some(row) => row.histories.push(cell.history),
            None => rows.push(Row {
                kinds: vec![cell.kind],
                authors: vec![cell.author],
                histories: vec![cell.history],
                verdict,
            }),
        }
    }
    let rows = merged(rows, |row, other| {
        let same = row.kinds == other.kinds && row.histories == other.histories;
        same.then(|| row.authors.extend(&other.authors)).is_some()
    });
    merged(rows, |row, other| {
        let same = row.authors == other.authors && row.histories == other.histories;
        same.then(|| row.kinds.extend(&other.kinds)).is_some()
    })
}

fn merged(rows: Vec<Row>, mut take: impl FnMut(&mut Row, &Row) -> bool) -> Vec<Row> {
    let mut kept: Vec<Row> = Vec::new();
    for row in rows {
        let taken = kept.iter_mut().any(|kept| kept.verdict == row.verdict && take(kept, &row));
        if !taken {
            kept.push(row);
        }
    }
    kept
}

/// A verdict without what only the cell's own names make different.
fn alike(verdict: &Verdict) -> Verdict {
    let mut sentence = verdict.sentence.clone();
    let names = [
        ("payroll-2026", "payroll"),
        ("wages", "payroll"),
        ("in support and in payroll", "in payroll and in support"),
    ];
    for (own, name) in names {
        sentence = sentence.replace(own, name);
    }
    if let Some(at) = sentence.find('~') {
        let rest = sentence.split_off(at);
        let end = rest.find([' ', '/']).unwrap_or(rest.len());
        sentence = format!("{sentence}~…{}", &rest[end..]);
    }
    Verdict { what: verdict.what.clone(), sentence }
}

fn line(row: &Row) -> String {
    format!(
        "| {} | {} | {} | {} | {} |\n",
        titles(&Kind::ALL, &row.kinds, Kind::title),
        titles(&Author::ALL, &row.authors, Author::title),
        titles(&History::ALL, &row.histories, History::title),
        row.verdict.what,
        row.verdict.sentence,
    )
}

/// Some of all, or all but some, whichever is shorter.
fn titles<T: Copy + PartialEq>(all: &[T], some: &[T], title: fn(T) -> &'static str) -> String {
    let list = |items: Vec<&T>| items.into_iter().map(|item| title(*item)).collect::<Vec<_>>().join("; ");
    let missing: Vec<&T> = all.iter().filter(|item| !some.contains(item)).collect();
    match missing.len() {
        0 => "any".into(),
        few if few * 2 < some.len() => format!("any but {}", list(missing)),
        _ => list(some.iter().collect()),
    }
}
