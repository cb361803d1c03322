//! The comment of a pull request that shows its plan, and the issue that reports problems: each is recognized by the hidden
//! line at its start.

use crate::model::{Diagnostic, Locator, Plan, Severity, Tree};

use super::markdown::{CommentLimit, code, marker, plan_markdown, prose};

/// How a platform renders Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The longest comment.
    pub limit: CommentLimit,
    /// Whether HTML is rendered.
    pub html: Html,
}

/// How a platform treats HTML in Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Html {
    /// It is rendered, and comments are hidden.
    Understood,
    /// It is shown as text (Bitbucket). A link definition without a reference is hidden there.
    Text,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The text.
    pub text: String,
    /// The line by which it is recognized.
    pub marker: String,
}

/// A plan as a comment. `note` is a sentence for the top.
pub fn plan_comment(plan: &Plan, note: Option<&str>, style: Style) -> Page {
    let text = plan_markdown(plan, style.limit);
    let (opens, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let note = note.map(|note| format!("> {}\n\n", prose(note))).unwrap_or_default();
    style.page(opens, &format!("{note}{rest}"))
}

/// Why a command ended early, for a page of the platform.
#[derive(Clone, Debug, Default)]
pub struct Failure<'a> {
    /// The error, without a full stop.
    pub why: String,
    /// A full sentence that says what to do, if there is something to do.
    pub help: Option<String>,
    /// The mistakes of an invalid tree, with its folder in the repository, which ends in `/` or is empty.
    pub mistakes: Option<(&'a Tree, &'a [Diagnostic], String)>,
    /// The address of the run with the details.
    pub run: Option<&'a str>,
}

/// A comment that says why there is no plan. `site` is the tree's host, if it is known.
pub fn no_plan_comment(site: Option<&str>, failure: &Failure<'_>, style: Style) -> Page {
    let text = format!("\n### No plan\n\nThe newest commit could not be planned: {}", failure.markdown());
    style.page(marker(site.unwrap_or_default()).trim_end(), &text)
}

/// The text about a failure on the job's own page.
pub fn failure_markdown(failure: &Failure<'_>) -> String {
    format!("### Failed\n\n{}", failure.markdown())
}

impl Failure<'_> {
    fn markdown(&self) -> String {
        let why = prose(self.why.trim_end_matches('.'));
        let help = self.help.as_ref().map(|help| format!(" {}", prose(help))).unwrap_or_default();
        let run = self.run.map(|run| format!(" [This run]({run}) has the details.")).unwrap_or_default();
        let mistakes = self.mistakes.as_ref().map(mistakes).unwrap_or_default();
        format!("{why}.{help}{run}\n{mistakes}")
    }
}

/// The mistakes of a tree as a list, each with its place.
fn mistakes((tree, diagnostics, folder): &(&Tree, &[Diagnostic], String)) -> String {
    const SHOWN: usize = 20;
    let locator = Locator::new(tree);
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|it| it.severity == Severity::Error).collect();
    let line = |diagnostic: &&Diagnostic| {
        let place = diagnostic.labels.first().map(|label| locator.locate(label.span.origin));
        let place = place.map(|place| format!("{}: ", code(&format!("{folder}{place}"))));
        let help = diagnostic.help.as_deref().map(|help| format!(". {}", prose(help)));
        let parts = [place.unwrap_or_default(), prose(&diagnostic.message), help.unwrap_or_default()];
        format!("- {}\n", parts.concat())
    };
    let listed: String = errors.iter().take(SHOWN).map(line).collect();
    let more = errors.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!("- and {more} more\n") };
    format!("\n{listed}{more}")
}

/// An issue. `text` is Markdown written by Rollbook.
pub fn issue(site: &str, text: &str) -> Page {
    let marker = marker(site).trim_end().replace("rollbook-plan", "rollbook-nightly");
    Page { text: format!("{marker}\n{text}"), marker }
}

impl Style {
    fn page(self, marker: &str, rest: &str) -> Page {
        let page = |marker: String, rest: String| Page { text: format!("{marker}\n{rest}"), marker };
        match self.html {
            Html::Understood => page(marker.to_owned(), rest.to_owned()),
            Html::Text => {
                let said = marker.trim_start_matches("<!-- ").trim_end_matches(" -->");
                page(format!("[//]: # ({said})"), format!("\n{}", without_html(rest)))
            }
        }
    }

    /// Whether a comment starts with Rollbook's hidden line: of this page, or of one without a known site.
    pub fn is_of(self, body: &str, page: &Page) -> bool {
        let opens = body.lines().next().unwrap_or_default().trim_end();
        let Page { marker: nowhere, .. } = self.page(marker("").trim_end(), "");
        opens == page.marker || opens == nowhere || page.marker == nowhere && self.is_plan(opens)
    }

    /// The new text of a comment. If a page has no known site, each comment keeps its own marker.
    pub fn said_in(self, body: &str, page: &Page) -> String {
        let Page { marker: nowhere, .. } = self.page(marker("").trim_end(), "");
        let opens = body.lines().next().unwrap_or_default().trim_end();
        if page.marker != nowhere || opens == nowhere {
            return page.text.clone();
        }
        page.text.replacen(&page.marker, opens, 1)
    }

    fn is_plan(self, opens: &str) -> bool {
        match self.html {
            Html::Understood => opens.starts_with("<!-- rollbook-plan "),
            Html::Text => opens.starts_with("[//]: # (rollbook-plan "),
        }
    }
}

/// Opens folded parts, and makes small text as large as the rest. The tags are Rollbook's own: each is on a separate
/// line, and no name can contain one.
fn without_html(text: &str) -> String {
    let mut shown = String::new();
    for line in text.lines() {
        let inner = |opens: &str, closes: &str| line.strip_prefix(opens)?.strip_suffix(closes);
        if line == "</details>" {
            continue;
        }
        if let Some(summary) = inner("<details><summary>", "</summary>") {
            shown.push_str(&format!("**{summary}**\n"));
        } else if let Some(small) = inner("<sub>", "</sub>") {
            shown.push_str(&format!("{small}\n"));
        } else {
            shown.push_str(&format!("{line}\n"));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: Style = Style { limit: CommentLimit::GITHUB, html: Html::Understood };
    const TEXT: Style = Style { limit: CommentLimit::BITBUCKET, html: Html::Text };

    #[test]
    fn a_comment_without_a_plan_is_found_again_by_the_next_one() {
        for style in [HTML, TEXT] {
            let none = Failure { why: "the tree is not valid".into(), ..Failure::default() };
            let page = |site| no_plan_comment(site, &none, style);
            let (here, nowhere, elsewhere) =
                (page(Some("acme.example")), page(None), page(Some("else.example")));
            assert!(style.is_of(&here.text, &here) && style.is_of(&nowhere.text, &nowhere));
            assert!(style.is_of(&nowhere.text, &here), "what was said of no site is replaced");
            assert!(style.is_of(&here.text, &nowhere), "where the site is not known, it is each");
            assert!(!style.is_of(&elsewhere.text, &here));
            assert_eq!(
                style.said_in(&elsewhere.text, &nowhere),
                elsewhere.text,
                "it stays the one of its site"
            );
            assert_eq!(style.said_in(&nowhere.text, &here), here.text);
            assert!(!style.is_of(&format!("I quote:\n{}", here.text), &here));
        }
    }

    #[test]
    fn html_that_is_shown_as_text_is_left_out() {
        let none =
            Failure { why: "it says `<b>`".into(), run: Some("https://ci.example/1"), ..Failure::default() };
        let page = no_plan_comment(Some("acme.example"), &none, TEXT);
        assert_eq!(
            page.text,
            "[//]: # (rollbook-plan acme.example)\n\n\n### No plan\n\nThe newest commit could not be planned: it says `<b>`. \
             [This run](https://ci.example/1) has the details.\n"
        );
        let folded = "<details><summary>2 grants</summary>\n\na\n</details>\n<sub>small</sub>\n";
        assert_eq!(without_html(folded), "**2 grants**\n\na\nsmall\n");
    }
}
