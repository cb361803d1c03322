//! `waive:`, guards that are waived temporarily.

use jiff::ToSpan as _;

use crate::model::{Address, Diagnostic, Guard, Located, Waiver};

use super::codes;
use super::context::Context;
use super::fields::Fields;
use super::node::Node;
use super::suggest;
use super::values::{at_least, date, list, list_of, prose, scalars, text};

/// How long a waiver may last without a warning, in years.
const FAR: i64 = 1;

/// Decodes `waive:`.
pub(super) fn waivers(cx: &mut Context, node: &Node<'_>) -> Vec<Waiver> {
    let Some(items) = list(cx, node, "a list of waivers") else {
        return Vec::new();
    };
    items.iter().filter_map(|node| waiver(cx, node)).collect()
}

fn waiver(cx: &mut Context, node: &Node<'_>) -> Option<Waiver> {
    let mut fields = Fields::of(cx, node, "a waiver")?;
    let guard = fields
        .require("guard", "Name the guard, such as `guard: max-revokes`.")
        .and_then(|node| guard(cx, node));
    let addresses =
        fields.require("for", "Name what it is for, such as `for: [group.lyon-office]`.").and_then(|node| {
            scalars(cx, node, "a list of addresses")?;
            let addresses = list_of(cx, node, "a list of addresses", address);
            let help = "Name what the guard is waived for, such as `for: [group.lyon-office]`.";
            at_least(cx, node, &addresses, 1, help).then_some(addresses)
        });
    let because = fields
        .require("because", "Say why, for its readers in a year.")
        .and_then(|node| prose(cx, node, "a reason"));
    let until =
        fields.require("until", "Give the date on which the guard applies again, as YYYY-MM-DD.").and_then(|node| {
            let until = date(cx, node)?;
            if until.value <= cx.today {
                cx.report(
                    Diagnostic::warning(codes::WAIVER_EXPIRED, "this waiver has expired")
                        .at(node.span, "the guard applies again from this date")
                        .help("Remove the waiver."),
                );
            }
            let far = cx.today.checked_add(FAR.years()).unwrap_or(cx.today);
            if until.value > far {
                cx.report(
                    Diagnostic::warning(codes::WAIVER_FAR, "this waiver lasts for more than a year")
                        .at(node.span, "the guard applies again from this date")
                        .help(
                            "A waiver is temporary: set a date within a year, and renew it in a review. A permanent \
                             exception belongs in `policy`.",
                        ),
                );
            }
            Some(until)
        });
    fields.finish(cx);
    Some(Waiver {
        guard: guard?,
        addresses: addresses?,
        because: because?.value,
        until: until?.value,
        origin: node.span.origin,
    })
}

fn guard(cx: &mut Context, node: &Node<'_>) -> Option<Guard> {
    let text = text(cx, node, "a guard")?;
    let waivable: Vec<&str> =
        Guard::ALL.iter().filter(|guard| guard.waivable()).map(|guard| guard.as_str()).collect();
    let otherwise = || format!("The guards that can be waived are {}.", suggest::listed(&waivable));
    match Guard::of(text) {
        Some(guard) if guard.waivable() => Some(guard),
        Some(guard) => {
            cx.mistake(
                codes::UNWAIVABLE_GUARD,
                node.span,
                format!("`{guard}` cannot be waived"),
                "this guard always holds",
                otherwise(),
            );
            None
        }
        None => {
            let near = cx.near(text, waivable.iter().copied());
            cx.mistake(
                codes::UNKNOWN_VALUE,
                node.span,
                format!("`{text}` is not a guard"),
                "unknown guard",
                suggest::help(near, otherwise),
            );
            None
        }
    }
}

fn address(cx: &mut Context, node: &Node<'_>) -> Option<Located<Address>> {
    let text = text(cx, node, "an address")?;
    match text.parse() {
        Ok(address) => Some(cx.locate(address, node.span)),
        Err(error) => {
            cx.mistake(
                codes::BAD_ADDRESS,
                node.span,
                format!("`{text}` is not an address: {error}"),
                "no address",
                "Write it as a plan shows it: `group.NAME`, `user.EMAIL` or `member.NAME/EMAIL`.",
            );
            None
        }
    }
}
