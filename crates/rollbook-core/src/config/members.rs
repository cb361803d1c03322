//! `members:` of a group.

use crate::model::{Diagnostic, Member, MemberRef, Origin, Span};

use super::codes;
use super::context::Context;
use super::fields::Fields;
use super::node::{Node, Value};
use super::values::{account_id, email, group_name, list_of, prose, scalars, until};

/// Decodes the entries; those with mistakes are left out.
pub(super) fn members(cx: &mut Context, node: &Node<'_>) -> Option<Vec<Member>> {
    let items = scalars(cx, node, "a list of members")?;
    Some(items.iter().filter_map(|node| member(cx, node)).collect())
}

fn member(cx: &mut Context, node: &Node<'_>) -> Option<Member> {
    match &node.value {
        Value::Scalar(_) => {
            let email = email(cx, node)?;
            Some(plain(MemberRef::User(email.value), email.origin))
        }
        Value::Map(_) => entry(cx, node),
        Value::List(_) => {
            cx.wrong_type(node, "an email, or a mapping with `user`, `group`, `synced` or `account`");
            None
        }
        Value::Reported => None,
    }
}

fn plain(who: MemberRef, origin: Origin) -> Member {
    Member { who, origin, except: Vec::new(), until: None, because: None }
}

fn entry(cx: &mut Context, node: &Node<'_>) -> Option<Member> {
    let mut fields = Fields::of(cx, node, "a member")?;
    let who = who(cx, node, &mut fields);
    let except = fields.entry("except");
    let excepted = except.map_or_else(Vec::new, |entry| list_of(cx, &entry.value, "a list of emails", email));
    if let (Some(entry), None, None) = (except, fields.take("group"), fields.take("synced"))
        && fields.whole()
    {
        cx.mistake(
            codes::EXCEPT_WITHOUT_GROUP,
            entry.span,
            "`except` on an entry that is not a group",
            "there is nobody to leave out",
            "Use `except` with `group:` and `synced:` only.",
        );
    }
    let until =
        fields.take("until").and_then(|node| until(cx, node, "Remove the entry, or set a later date."));
    let because = fields.take("because").and_then(|node| prose(cx, node, "a reason"));
    fields.finish(cx);
    let (who, origin) = who?;
    Some(Member { who, origin, except: excepted, until, because: because.map(|because| because.value) })
}

/// The name in an entry; its place is that of the name.
fn who(cx: &mut Context, node: &Node<'_>, fields: &mut Fields<'_, '_>) -> Option<(MemberRef, Origin)> {
    let named = ["user", "group", "synced", "account"].map(|key| fields.entry(key));
    let user = named[0].and_then(|entry| email(cx, &entry.value));
    let group = named[1].and_then(|entry| group_name(cx, &entry.value));
    let synced = named[2].and_then(|entry| group_name(cx, &entry.value));
    let account = named[3].and_then(|entry| account_id(cx, &entry.value));
    let given: Vec<Span> = named.iter().flatten().map(|entry| entry.span).collect();
    if given.len() != 1 {
        if given.len() > 1 || fields.whole() {
            cx.report(unclear(node, &given));
        }
        return None;
    }
    let user = user.map(|user| (MemberRef::User(user.value), user.origin));
    let group = group.map(|group| (MemberRef::Group(group.value), group.origin));
    let account = account.map(|account| (MemberRef::Account(account.value), account.origin));
    let synced = synced.map(|synced| (MemberRef::Synced(synced.value), synced.origin));
    user.or(group).or(account).or(synced)
}

fn unclear(node: &Node<'_>, given: &[Span]) -> Diagnostic {
    let help = "Name exactly one of `user`, `group`, `synced` and `account`; give each of the others an entry of its own.";
    let diagnostic = match given {
        [] => Diagnostic::error(codes::UNCLEAR_MEMBER, "a member that names nobody")
            .at(node.span, "neither `user` nor `group` nor `synced` nor `account`"),
        [first, rest @ ..] => {
            let named = Diagnostic::error(codes::UNCLEAR_MEMBER, "a member that names more than one")
                .at(*first, "one");
            rest.iter().fold(named, |diagnostic, span| diagnostic.at(*span, "and another"))
        }
    };
    diagnostic.help(help)
}
