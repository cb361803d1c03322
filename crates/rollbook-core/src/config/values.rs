//! The decoders of scalars and lists. Each reports its mistakes and returns `None`.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::{
    AccountId, App, Diagnostic, Email, EmailError, GroupId, GroupName, Located, Span, Words, hidden,
};

use super::codes;
use super::context::Context;
use super::dates::{day, meant};
use super::node::{Looks, Node, Scalar, Value};
use super::suggest;

/// The longest ID (docs/atlassian.md#account-ids).
pub(super) const LONGEST_ID: usize = 128;

/// The longest name of a group, in characters.
pub(super) const LONGEST_GROUP_NAME: usize = 255;

/// A list's items.
pub(super) fn list<'n, 't>(cx: &mut Context, node: &'n Node<'t>, wanted: &str) -> Option<&'n [Node<'t>]> {
    match &node.value {
        Value::List(items) => Some(items),
        Value::Reported => None,
        Value::Scalar(_) | Value::Map(_) => {
            cx.wrong_type(node, wanted);
            None
        }
    }
}

/// The items of a list of texts. A single text without a list is the usual first mistake.
pub(super) fn scalars<'n, 't>(cx: &mut Context, node: &'n Node<'t>, wanted: &str) -> Option<&'n [Node<'t>]> {
    if let Value::Scalar(scalar) = &node.value {
        let help = format!("Write a list, even for one: `[{}]`.", scalar.text);
        cx.shaped(node, false, wanted, help);
        return None;
    }
    list(cx, node, wanted)
}

/// The items of a list, each decoded, without those that have mistakes. An item that appears twice is a mistake.
pub(super) fn list_of<T>(
    cx: &mut Context,
    node: &Node<'_>,
    wanted: &str,
    mut item: impl FnMut(&mut Context, &Node<'_>) -> Option<Located<T>>,
) -> Vec<Located<T>> {
    let Some(nodes) = scalars(cx, node, wanted) else {
        return Vec::new();
    };
    let mut firsts: BTreeMap<&str, Span> = BTreeMap::new();
    let mut found = Vec::with_capacity(nodes.len());
    for node in nodes {
        let value = item(cx, node);
        if let Value::Scalar(scalar) = &node.value {
            if let Some(first) = firsts.get(&*scalar.text) {
                let message = format!("`{}` appears twice in the list", scalar.text);
                let diagnostic = Diagnostic::error(codes::REPEATED_ITEM, message)
                    .at(node.span, "again here")
                    .at(*first, "first here")
                    .help("Remove one of them.");
                cx.report(diagnostic);
                continue;
            }
            firsts.insert(&scalar.text, node.span);
        }
        found.extend(value);
    }
    found
}

fn scalar<'n, 't>(cx: &mut Context, node: &'n Node<'t>, wanted: &str) -> Option<&'n Scalar<'t>> {
    match &node.value {
        Value::Scalar(scalar) => Some(scalar),
        Value::Reported => None,
        Value::List(_) | Value::Map(_) => {
            cx.wrong_type(node, wanted);
            None
        }
    }
}

/// A text. One that YAML readers take for something else needs quotes.
pub(super) fn text<'n>(cx: &mut Context, node: &'n Node<'_>, wanted: &str) -> Option<&'n str> {
    let scalar = scalar(cx, node, wanted)?;
    is_text(cx, scalar, node.span, wanted).then_some(&*scalar.text)
}

/// Whether a scalar, which may be a key, is a text for every YAML reader.
pub(super) fn is_text(cx: &mut Context, scalar: &Scalar<'_>, span: Span, wanted: &str) -> bool {
    let taken_for = match scalar.looks() {
        Looks::Text => return true,
        Looks::Null => "nothing",
        Looks::Boolean | Looks::OldBoolean => "a boolean",
        Looks::Number => "a number",
    };
    let text = &scalar.text;
    cx.mistake(
        codes::NEEDS_QUOTES,
        span,
        format!("YAML readers take `{text}` for {taken_for}; {wanted} is needed"),
        "needs quotes",
        format!("If it is correct, write it in quotes: `\"{text}\"`."),
    );
    false
}

/// A text for people: not empty, and without characters that hide a part of it.
pub(super) fn prose(cx: &mut Context, node: &Node<'_>, wanted: &str) -> Option<Located<String>> {
    let text = text(cx, node, wanted)?;
    if text.trim().is_empty() {
        cx.mistake(
            codes::EMPTY_TEXT,
            node.span,
            format!("{wanted} that is empty"),
            "an empty text",
            "Write a value. An optional key can be left out instead.",
        );
        return None;
    }
    if let Some((_, c)) = hidden(text).find(|(_, c)| *c != '\n') {
        cx.mistake(
            codes::HIDDEN_CHARACTER,
            node.span,
            format!("{wanted} with the hidden character U+{:04X}", u32::from(c)),
            "contains a character that a reviewer does not see",
            remedy(c),
        );
        return None;
    }
    Some(cx.locate(text.to_owned(), node.span))
}

/// The help for a character that hides something.
pub(super) fn remedy(hidden: char) -> &'static str {
    if hidden.is_whitespace() {
        "Write plain spaces and line breaks: other white space only looks like them."
    } else {
        "Remove it: a reviewer must see what a line says."
    }
}

/// `true` or `false`.
pub(super) fn boolean(cx: &mut Context, node: &Node<'_>) -> Option<Located<bool>> {
    let scalar = scalar(cx, node, "`true` or `false`")?;
    let value = match (scalar.plain, &*scalar.text) {
        (true, "true") => true,
        (true, "false") => false,
        (_, text) => {
            let meant = ["true", "yes", "on"].iter().any(|word| text.eq_ignore_ascii_case(word));
            let unmeant = ["false", "no", "off"].iter().any(|word| text.eq_ignore_ascii_case(word));
            let help = match (meant, unmeant) {
                (true, _) => "Write `true`, without quotes.",
                (_, true) => "Write `false`, without quotes.",
                (false, false) => "Write `true` or `false`.",
            };
            cx.mistake(
                codes::WRONG_TYPE,
                node.span,
                format!("expected `true` or `false`, found `{text}`"),
                "not a boolean for every YAML reader",
                help,
            );
            return None;
        }
    };
    Some(cx.locate(value, node.span))
}

/// A whole number in a range.
pub(super) fn number(cx: &mut Context, node: &Node<'_>, least: u32, most: u32) -> Option<Located<u32>> {
    let scalar = scalar(cx, node, "a whole number")?;
    let text = &*scalar.text;
    let digits = scalar.plain && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let signed = text
        .strip_prefix('-')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    if !(digits || scalar.plain && signed) || (text.len() > 1 && text.starts_with('0')) {
        cx.mistake(
            codes::WRONG_TYPE,
            node.span,
            format!("expected a whole number, found `{text}`"),
            "not a whole number",
            "Write digits only, without quotes.",
        );
        return None;
    }
    match text.parse::<u32>() {
        Ok(number) if (least..=most).contains(&number) => Some(cx.locate(number, node.span)),
        Ok(_) | Err(_) => {
            cx.mistake(
                codes::OUT_OF_RANGE,
                node.span,
                format!("{text} is out of range"),
                "out of range",
                format!("Write a number from {least} to {most}."),
            );
            None
        }
    }
}

/// One of a key's values.
pub(super) fn choice<T: Words>(cx: &mut Context, node: &Node<'_>) -> Option<T> {
    let names: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
    let scalar = scalar(cx, node, &format!("one of {}", suggest::listed(&names)))?;
    if let Some((_, value)) = T::WORDS.iter().find(|(word, _)| *word == scalar.text) {
        return Some(*value);
    }
    let near = cx.near(&scalar.text, names.iter().copied());
    cx.mistake(
        codes::UNKNOWN_VALUE,
        node.span,
        format!("invalid value `{}`", scalar.text),
        "unknown value",
        suggest::help(near, || format!("The values are {}.", suggest::listed(&names))),
    );
    None
}

/// A date, such as 2026-12-31.
pub(super) fn date(cx: &mut Context, node: &Node<'_>) -> Option<Located<Date>> {
    let scalar = scalar(cx, node, "a day")?;
    let Some(date) = day(&scalar.text) else {
        let help = match meant(&scalar.text) {
            Some(date) => format!("Write {date}: dates are YYYY-MM-DD."),
            None => "Write a date as YYYY-MM-DD, such as 2026-12-31.".into(),
        };
        let says = format!("`{}` is not a date", scalar.text);
        cx.mistake(codes::BAD_DATE, node.span, says, "not a date of the form YYYY-MM-DD", help);
        return None;
    };
    Some(cx.locate(date, node.span))
}

/// The first day without access; reports a past one, with the possible remedy.
pub(super) fn until(cx: &mut Context, node: &Node<'_>, then: &str) -> Option<Located<Date>> {
    let until = date(cx, node)?;
    if until.value <= cx.today {
        cx.report(
            Diagnostic::warning(codes::UNTIL_PAST, format!("this access ended on {}", until.value))
                .at(node.span, "no access from this date on")
                .help(then),
        );
    }
    Some(until)
}

/// A person's email.
pub(super) fn email(cx: &mut Context, node: &Node<'_>) -> Option<Located<Email>> {
    let text = text(cx, node, "an email")?;
    let email = email_text(cx, text, node.span)?;
    let email = cx.person(email, node.span);
    Some(cx.locate(email, node.span))
}

/// A text that must be an email, before it is added to the people. The rules are stricter than for emails that a site
/// shows: an invitation goes to this address.
pub(super) fn email_text(cx: &mut Context, text: &str, span: Span) -> Option<Email> {
    let (why, help) = match Email::parse(text) {
        _ if within_brackets(text).is_some() => {
            let address = within_brackets(text).unwrap_or_default();
            (
                "a name or brackets are around the address".to_owned(),
                format!("Write only the address: `{address}`."),
            )
        }
        Ok(email) => match unusual(&email) {
            Some(why) => (why, "Write it as name@domain, such as ada@acme.com.".to_owned()),
            None => return Some(email),
        },
        Err(error) => {
            let help = match error {
                EmailError::Shape => "Write it as name@domain.",
                EmailError::TooLong => "Use an address of at most 254 bytes.",
                EmailError::Invisible(0x20) => "Write it without the space.",
                EmailError::Invisible(_) => {
                    "Retype the address: copied text often carries hidden characters."
                }
            };
            let why = match error {
                EmailError::Invisible(0x20) => "it holds a space".to_owned(),
                EmailError::Shape | EmailError::TooLong | EmailError::Invisible(_) => error.to_string(),
            };
            (why, help.to_owned())
        }
    };
    cx.mistake(codes::BAD_EMAIL, span, format!("invalid email `{text}`: {why}"), "invalid email", help);
    None
}

/// The address of `Ada Lovelace <ada@acme.com>`, as mail programs copy it.
fn within_brackets(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('<')?;
    let address = rest.strip_suffix('>')?;
    Email::parse(address).is_ok().then_some(address)
}

/// Why an address cannot belong to anybody: it is not a dot-string (RFC 5321 §4.1.2) at a domain (RFC 5890 §2.3.1).
/// Letters of every script may be in both (RFC 6531 §3.3).
fn unusual(email: &Email) -> Option<String> {
    let (local, domain) = email.as_str().split_once('@')?;
    let letter = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
    let wrong = |text: &str, also: &str| text.chars().find(|c| !letter(*c) && !also.contains(*c));
    if let Some(c) = wrong(local, "!#$%&'*+-/=?^_`{|}~.") {
        return Some(format!("its name holds `{c}`"));
    }
    if let Some(c) = wrong(domain, "-.") {
        return Some(format!("its domain holds `{c}`"));
    }
    if local.split('.').any(str::is_empty) {
        return Some("its name starts or ends with a dot, or has two dots in a row".to_owned());
    }
    if domain.split('.').any(str::is_empty) {
        return Some("its domain starts or ends with a dot, or has two dots in a row".to_owned());
    }
    let hyphen = |label: &str| label.starts_with('-') || label.ends_with('-');
    domain.split('.').any(hyphen).then(|| "a part of its domain starts or ends with a hyphen".to_owned())
}

/// A group's name.
pub(super) fn group_name(cx: &mut Context, node: &Node<'_>) -> Option<Located<GroupName>> {
    let text = text(cx, node, "a group's name")?;
    let name = group_name_text(cx, text, node.span)?;
    Some(cx.locate(name, node.span))
}

/// A text that must be a group's name.
pub(super) fn group_name_text(cx: &mut Context, text: &str, span: Span) -> Option<GroupName> {
    let (why, help) = if text.is_empty() {
        ("it is empty".to_owned(), "Write the group's name.")
    } else if text.trim() != text {
        ("it starts or ends with white space".to_owned(), "Remove the white space around it.")
    } else if let Some((_, c)) = hidden(text).next() {
        (
            format!("it contains the invisible or control character U+{:04X}", u32::from(c)),
            "Retype the name: copied text often carries hidden characters.",
        )
    } else if text.chars().count() > LONGEST_GROUP_NAME {
        (format!("it is longer than {LONGEST_GROUP_NAME} characters"), "Use a shorter name.")
    } else {
        return Some(GroupName::new(text));
    };
    let message = format!("`{text}` cannot be a group's name: {why}");
    cx.mistake(codes::BAD_GROUP_NAME, span, message, "no group's name", help);
    None
}

/// An account's ID.
pub(super) fn account_id(cx: &mut Context, node: &Node<'_>) -> Option<Located<AccountId>> {
    id(cx, node, "an account ID").map(|id| cx.locate(AccountId::new(id), node.span))
}

/// A group's ID.
pub(super) fn group_id(cx: &mut Context, node: &Node<'_>) -> Option<Located<GroupId>> {
    id(cx, node, "a group ID").map(|id| cx.locate(GroupId::new(id), node.span))
}

/// An app's key.
pub(super) fn app(cx: &mut Context, node: &Node<'_>) -> Option<Located<App>> {
    id(cx, node, "an app's key").map(|id| cx.locate(App::new(id), node.span))
}

/// An ID whose form only Atlassian knows: visible ASCII, at most 128 characters.
pub(super) fn id<'n>(cx: &mut Context, node: &'n Node<'_>, wanted: &str) -> Option<&'n str> {
    let text = text(cx, node, wanted)?;
    if is_id(text) {
        return Some(text);
    }
    cx.mistake(
        codes::BAD_ID,
        node.span,
        format!("`{text}` is not {wanted}"),
        "not an ID",
        format!("An ID is 1 to {LONGEST_ID} visible ASCII characters without spaces, as Atlassian shows it."),
    );
    None
}

/// Whether a text can be an Atlassian ID.
pub(super) fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// A domain, in lower case and ASCII letters.
pub(super) fn domain(cx: &mut Context, node: &Node<'_>) -> Option<Located<String>> {
    let text = text(cx, node, "a domain")?;
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let ascii = if text.is_ascii() { Ok(text.to_ascii_lowercase()) } else { idna::domain_to_ascii(text) };
    if let Ok(domain) = ascii
        && domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(label)
    {
        return Some(cx.locate(domain, node.span));
    }
    cx.mistake(
        codes::BAD_DOMAIN,
        node.span,
        format!("`{text}` is not a domain"),
        "no domain",
        "Write the part after the `@`, such as acme.com.",
    );
    None
}

/// Checks that a list has enough items; otherwise reports it.
pub(super) fn at_least<T>(cx: &mut Context, node: &Node<'_>, items: &[T], least: usize, help: &str) -> bool {
    let Value::List(written) = &node.value else {
        return false;
    };
    if written.len() < least {
        let found = written.len();
        cx.mistake(
            codes::TOO_FEW,
            node.span,
            format!("the list has {found} of at least {least} items"),
            "too few items",
            help,
        );
    }
    items.len() >= least
}
