//! A plan as GitHub-flavoured Markdown, for a reviewer of a pull request.
//!
//! The verdict and the totals come first, then everything that revokes access or is privileged, unfolded; long and
//! harmless parts are folded. Everything from outside goes through [`escape`], since it names people that nobody
//! reviewed, on a page where a name could mention somebody, draw a link or look like a line of the plan.

mod changes;
mod escape;
mod page;
mod people;
mod remarks;
mod verdicts;

use crate::model::{Comparison, Plan};

use super::lines::{count, effort};
use super::plan::{SHORT_FINGERPRINT, by_way_of, compared, taken, totals};

pub use escape::prose;
pub(super) use escape::{code, marker};

pub use page::CommentLimit;

/// Renders a plan as a comment of a pull request within a limit; if not everything fits, a notice at the top lists the
/// omitted parts.
pub fn plan_markdown(plan: &Plan, limit: CommentLimit) -> String {
    let marker = marker(host(plan));
    if says_nothing(plan) {
        let title = "### No changes\n\n";
        return format!("{marker}{title}The site matches the configuration. {}\n", made(plan).join(" · "));
    }
    let head = format!("{marker}### {}\n\n{}\n\n", verdict(plan), subject(plan));
    let mut sections = verdicts::verdicts(plan);
    let [graver, grants] = changes::change(plan);
    sections.extend(graver);
    sections.extend(remarks::blocked(plan));
    sections.extend(grants);
    sections.extend(changes::drift(plan));
    sections.extend(remarks::adopted(plan));
    sections.extend(remarks::reviewed(plan));
    sections.extend(remarks::notes(plan));
    sections.extend(remarks::seats(plan));
    sections.extend(people::by_person(plan));
    page::page(&head, &sections, &foot(plan), limit)
}

/// Whether a reviewer has nothing to look at.
fn says_nothing(plan: &Plan) -> bool {
    let same = plan.base.as_ref().is_none_or(|base| {
        let Comparison { revision, authors, .. } = base;
        Comparison { revision: revision.clone(), authors: authors.clone(), ..Comparison::default() } == *base
    });
    let same = same && plan.base.as_ref().is_none_or(|base| base.revision.behind == 0);
    let whole = plan.narrowed_to.is_empty() && plan.review.is_none();
    let silent = plan.blocked.is_empty() && plan.notes.is_empty() && plan.guards.is_empty();
    plan.operations.is_empty() && same && whole && silent
}

fn host(plan: &Plan) -> &str {
    crate::render::host_of(&plan.site)
}

/// The first lines for a reviewer.
fn verdict(plan: &Plan) -> String {
    let refused = plan.refusals().next().is_some();
    let misfits = plan.review.as_ref().is_some_and(|review| !review.misfits.is_empty());
    let verdict = match (refused, misfits) {
        (true, _) => "Refused: ",
        (false, true) => "No longer follows: ",
        (false, false) => "",
    };
    let summary = &plan.summary;
    let access = match (summary.grants, summary.revokes) {
        (0, 0) if plan.operations.is_empty() => "no changes".to_owned(),
        (grants, revokes) => format!("{} and {}", count(grants, "grant"), count(revokes, "revoke")),
    };
    let access = if verdict.is_empty() && access.starts_with("no") { "No changes".into() } else { access };
    let groups: std::collections::BTreeSet<_> =
        plan.operations.iter().filter_map(|planned| planned.key.address.group()).collect();
    let reach = match (groups.len(), people::number(plan)) {
        (0, 0) => String::new(),
        (groups, people) => format!(" in {}, {}", count(groups, "group"), people::counted(people)),
    };
    let waiting = match summary.waiting {
        0 => String::new(),
        waiting => format!(", {waiting} waiting for an identity provider"),
    };
    // After the grants and the revokes: the privileged, mailed and blocked changes.
    let others: Vec<String> =
        totals(plan).into_iter().skip(2).filter(|total| !total.ends_with(" waiting")).collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
    format!("{verdict}{access}{reach}{others}{waiting}")
}

/// Says what the plan covers: the site, the base, the snapshot and any limits.
fn subject(plan: &Plan) -> String {
    let mut text = format!("Rollbook plan for {}.", code(host(plan)));
    if let Some(base) = &plan.base {
        text.push_str(&format!(" {}", prose(&compared(base))));
    }
    if let Some(taken) = taken(plan) {
        text.push_str(&format!(" {}", prose(&taken)));
    }
    if !plan.narrowed_to.is_empty() {
        text.push_str(&format!(" Only {}, and its requirements.", prose(&plan.narrowed_to.join(", "))));
    }
    if let Some(review) = &plan.review {
        text.push_str(&format!(
            " Only operations of the reviewed plan {}.",
            code(short(&review.fingerprint))
        ));
    }
    text
}

fn foot(plan: &Plan) -> String {
    let reach: Vec<String> =
        by_way_of(plan).into_iter().chain(plan.reach.iter().map(ToString::to_string)).collect();
    let reach = if reach.is_empty() { String::new() } else { format!("{}\n\n", prose(&reach.join(" "))) };
    format!("---\n\n{reach}{}\n\n<sub>{}</sub>\n", on_merge(plan), made(plan).join(" · "))
}

/// The next steps. Rollbook does not know the pipeline, but it knows what `apply` does.
fn on_merge(plan: &Plan) -> String {
    if plan.refusals().next().is_some() {
        return "**On merge:** `rollbook apply` refuses this plan and changes nothing, until the refused changes are \
                corrected, waived in the tree or allowed for the run."
            .into();
    }
    if plan.review.as_ref().is_some_and(|review| !review.misfits.is_empty()) {
        return "**On merge:** `rollbook apply` of the reviewed plan changes nothing. Plan and review again."
            .into();
    }
    if plan.operations.is_empty() {
        return "**On merge:** `rollbook apply` has nothing to do.".into();
    }
    let blocked = if plan.blocked.is_empty() { "" } else { " Blocked changes are skipped." };
    format!(
        "**On merge:** `rollbook apply` reads the site and plans again, then applies that plan; given this plan as a \
         file, it does nothing that is not in it. Nothing is changed before.{blocked}"
    )
}

/// The commit, the time and the cost of the plan.
fn made(plan: &Plan) -> Vec<String> {
    let commit = plan.header.commit.as_deref();
    let commit = commit.map_or("no clean commit".to_owned(), |commit| {
        format!("commit {}", code(commit.get(..12).unwrap_or(commit)))
    });
    let mut parts = vec![commit, format!("fingerprint {}", code(short(&plan.fingerprint)))];
    if plan.cost.requests > 0 {
        parts.push(effort(plan));
    }
    parts.push(format!("judged by {}", plan.header.today));
    parts
}

fn short(fingerprint: &str) -> &str {
    fingerprint.get(..SHORT_FINGERPRINT).unwrap_or(fingerprint)
}
