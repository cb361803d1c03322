//! An edit of a file that is not in its canonical form: the lines that the edit concerns change, and every other byte stays.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::super::format::{read, says_the_same, unified};

/// The text of an edited file: as it was before, with what differs between its canonical form and `after` carried over;
/// `after` itself, which is canonical, where that does not say the same.
pub(super) fn kept(before: &str, after: &str) -> String {
    let carried = read(&unified(before)).and_then(|document| carried(before, &document.print(), after));
    let fits = |text: &String| says_the_same(&unified(text), after) == Ok(true);
    carried.filter(fits).unwrap_or_else(|| after.to_owned())
}

fn carried(before: &str, canonical: &str, after: &str) -> Option<String> {
    let lines: Vec<&str> = before.split_inclusive('\n').collect();
    let (old, new): (Vec<&str>, Vec<&str>) = (canonical.lines().collect(), after.lines().collect());
    let places = places(&old, &lines);
    let place = |at: usize| places.get(at).copied().flatten();
    let mut lines: Vec<Option<String>> = lines.into_iter().map(|line| Some(line.to_owned())).collect();
    // From the end on, so that places stay.
    for op in capture_diff_slices(Algorithm::Myers, &old, &new).into_iter().rev() {
        let (range, added) = match op {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                (op.old_range(), op.new_range())
            }
        };
        let sibling = if range.is_empty() { range.start.checked_sub(1)? } else { range.start };
        let at = place(sibling)?;
        let beside = lines.get(at)?.clone()?;
        let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let (was, is) = (indent(old[sibling]), indent(&beside));
        let line_break = if beside.ends_with("\r\n") { "\r\n" } else { "\n" };
        let moved = new[added].iter().map(|line| {
            let indent = " ".repeat((indent(line) + is).saturating_sub(was));
            format!("{indent}{}{line_break}", line.trim_start_matches(' '))
        });
        let moved: String = moved.collect();
        for old in range.clone() {
            *lines.get_mut(place(old)?)? = None;
        }
        let target = lines.get_mut(at)?;
        *target = Some(match target.take() {
            // The last line of a file may lack its line break.
            Some(line) if !line.ends_with('\n') => format!("{line}{line_break}{moved}"),
            Some(line) => line + &moved,
            None => moved,
        });
    }
    Some(lines.into_iter().flatten().collect())
}

/// For each line of the canonical form, the line that says it.
fn places(canonical: &[&str], lines: &[&str]) -> Vec<Option<usize>> {
    let bare =
        |line: &&str| line.chars().filter(|c| !c.is_whitespace() && !['"', '\''].contains(c)).collect();
    let (old, new): (Vec<String>, Vec<String>) =
        (canonical.iter().map(bare).collect(), lines.iter().map(bare).collect());
    let mut places = vec![None; canonical.len()];
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            for at in 0..len {
                places[old_index + at] = Some(new_index + at);
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_edit_does_not_concern_stays_byte_by_byte() {
        let before = "groups:\r\n    \"a\":\r\n        members:\r\n        -   'ada@acme.com'   # first\r\n        -   bob@acme.com\r\n";
        let canonical = read(&unified(before)).unwrap().print();
        let last = canonical.lines().last().unwrap();
        let more = canonical.clone() + &last.replace("bob", "chen") + "\n";
        let added = kept(before, &more);
        assert_eq!(added, format!("{before}        - chen@acme.com\r\n"));
        let fewer: String =
            canonical.lines().filter(|line| !line.contains("ada")).map(|it| format!("{it}\n")).collect();
        assert_eq!(kept(before, &fewer), before.replace("        -   'ada@acme.com'   # first\r\n", ""));
        // What cannot be carried over is written as `fmt` would.
        let odd = "{groups: {a: {members: [\n  ada@acme.com]}}}\n";
        let whole = read(odd).unwrap().print().replace("ada", "bob");
        assert_eq!(kept(odd, &whole), whole);
    }
}
