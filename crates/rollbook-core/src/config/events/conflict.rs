//! The lines that git leaves if it cannot merge two sides.

use crate::config::codes;
use crate::model::Diagnostic;

use super::Source;

/// A line of each kind, as git writes them: always at the start of a line, seven characters long (git-merge(1)).
const OPENS: &str = "<<<<<<< ";
const PARTS: &str = "=======";
const CLOSES: &str = ">>>>>>> ";

/// The mistake of a file with a conflict; the rest of its content does not matter then.
pub(super) fn unresolved(source: Source<'_>) -> Option<Diagnostic> {
    let mut at = 0;
    let mut lines = source.text.split_inclusive('\n').map(|line| {
        let start = at;
        at += line.len();
        (start, line.trim_end())
    });
    let (start, line) = lines.find(|(_, line)| line.starts_with(OPENS))?;
    lines.find(|(_, line)| *line == PARTS)?;
    lines.find(|(_, line)| line.starts_with(CLOSES))?;
    Some(
        Diagnostic::error(codes::INVALID_YAML, "a merge conflict that nobody has resolved")
            .at(source.span(start, start + line.len()), "git put this line here, and both sides after it")
            .help(
                "Keep the right parts of both sides, and remove the lines that start with `<<<<<<<`, `=======` and \
                 `>>>>>>>`.",
            ),
    )
}
