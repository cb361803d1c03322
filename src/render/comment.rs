//! The comment of a pull request that shows its plan, and the issue that says what is not as it should be: found again by the
//! hidden line that each opens with.

use crate::model::Plan;

use super::markdown::{CommentLimit, marker, plan_markdown, prose};

/// What a platform makes of Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// How long a comment may be.
    pub limit: CommentLimit,
    /// Whether HTML is shown as what it says.
    pub html: Html,
}

/// What a platform makes of HTML in Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Html {
    /// Its meaning is shown, and comments are hidden.
    Understood,
    /// It is shown as text (Bitbucket). A link that nothing refers to is hidden there.
    Text,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The text.
    pub text: String,
    /// The line by which it is found again.
    pub marker: String,
}

/// A plan as a comment. `note` is a sentence for the top.
pub fn plan_comment(plan: &Plan, note: Option<&str>, style: Style) -> Page {
    let text = plan_markdown(plan, style.limit);
    let (opens, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let note = note.map(|note| format!("> {}\n\n", prose(note))).unwrap_or_default();
    style.page(opens, &format!("{note}{rest}"))
}

/// A comment that says why there is no plan. `site` is the tree's host, where that is known.
pub fn no_plan_comment(site: Option<&str>, why: &str, run: Option<&str>, style: Style) -> Page {
    let run = run.map(|run| format!(" [This run]({run}) says more.")).unwrap_or_default();
    let text = format!(
        "\n### No plan\n\nThe newest commit could not be planned: {}.{run}\n",
        prose(why.trim_end_matches('.'))
    );
    style.page(marker(site.unwrap_or_default()).trim_end(), &text)
}

/// An issue. `text` is Markdown of ours.
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

    /// Whether a comment opens with Rollbook's hidden line: of this page, or of one that knew no site.
    pub fn is_of(self, body: &str, page: &Page) -> bool {
        let opens = body.lines().next().unwrap_or_default().trim_end();
        let Page { marker: nowhere, .. } = self.page(marker("").trim_end(), "");
        opens == page.marker || opens == nowhere || page.marker == nowhere && self.is_plan(opens)
    }

    /// What a comment is to say. Where a page knows no site, each comment stays the one of its own.
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

/// What is folded stands open, and what is small is as large as the rest. The tags are our own: each stands in a line of its
/// own, and no name can bring one.
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
            let page = |site| no_plan_comment(site, "the tree is not valid", None, style);
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
        let page = no_plan_comment(Some("acme.example"), "it says `<b>`", Some("https://ci.example/1"), TEXT);
        assert_eq!(
            page.text,
            "[//]: # (rollbook-plan acme.example)\n\n\n### No plan\n\nThe newest commit could not be planned: it says `<b>`. \
             [This run](https://ci.example/1) says more.\n"
        );
        let folded = "<details><summary>2 grants</summary>\n\na\n</details>\n<sub>small</sub>\n";
        assert_eq!(without_html(folded), "**2 grants**\n\na\nsmall\n");
    }
}
