//! `waive:`, guards that stand aside for a while.

use jiff::ToSpan as _;

use crate::model::{Address, Diagnostic, Guard, Located, Waiver};

use super::codes;
use super::context::Context;
use super::fields::Fields;
use super::node::Node;
use super::suggest;
use super::values::{at_least, date, list, list_of, prose, scalars, text};

/// How long a waiver may stand without being told of, in years.
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
            let help = "Name what the guard stands aside for, such as `for: [group.lyon-office]`.";
            at_least(cx, node, &addresses, 1, help).then_some(addresses)
        });
    let because = fields
        .require("because", "Say why, for whoever reads it in a year.")
        .and_then(|node| prose(cx, node, "a reason"));
    let until =
        fields.require("until", "Say on which day the guard is back, as YYYY-MM-DD.").and_then(|node| {
            let until = date(cx, node)?;
            if until.value <= cx.today {
                cx.report(
                    Diagnostic::warning(codes::WAIVER_EXPIRED, "a waiver whose day has come")
                        .at(node.span, "the guard is back since this day")
                        .help("Remove the waiver."),
                );
            }
            let far = cx.today.checked_add(FAR.years()).unwrap_or(cx.today);
            if until.value > far {
                cx.report(
                    Diagnostic::warning(codes::WAIVER_FAR, "a waiver whose day is more than a year away")
                        .at(node.span, "the guard is not back before this day")
                        .help(
                            "A waiver is for a while: name a day within a year, and renew it in a review. What is to stand \
                             for good belongs in `policy`.",
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
                format!("`{text}` is no guard"),
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
                format!("`{text}` is no address: {error}"),
                "no address",
                "Write it as a plan shows it: `group.NAME`, `user.EMAIL` or `member.NAME/EMAIL`.",
            );
            None
        }
    }
}
