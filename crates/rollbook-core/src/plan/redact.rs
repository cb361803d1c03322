//! A plan without emails and display names, for readers who do not need them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::{Address, Email, Key, Plan, UserRef};

use super::document::{document, plan_in};

/// The fields of a plan with addresses.
const ADDRESSES: [&str; 3] = ["address", "addresses", "narrowed_to"];

/// Masks each email and each of these display names in the plan. An email keeps its first letter and its domain, and
/// gets a number among those that share both: the same one everywhere in the plan, so that people stay distinct.
///
/// # Panics
/// Never: a plan stays valid when its texts are masked.
pub fn redacted(plan: &Plan, names: &BTreeSet<String>) -> Plan {
    let mut document = document(plan);
    let mut masks = Masks { emails: BTreeMap::new(), names };
    // A note lists the display names in its text.
    for note in document.get_mut("notes").and_then(Value::as_array_mut).into_iter().flatten() {
        mask_names(note);
    }
    walk(&mut document, &mut |text, field| masks.find(text, field));
    masks.number();
    walk(&mut document, &mut |text, field| *text = masks.masked(text, field));
    #[expect(clippy::expect_used, reason = "a mask is of the form of what it masks")]
    let mut plan = plan_in(document).expect("a plan stays valid when its texts are masked");
    plan.header.checksum = None;
    plan
}

/// Masks the display names that a note lists, also in its text: the longest first, since one may contain another.
fn mask_names(note: &mut Value) {
    let listed = note.get("names").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<String> = listed.filter_map(Value::as_str).map(str::to_owned).collect();
    names.sort_by_key(|name| Reverse(name.len()));
    let Some(mut text) = note.get("text").and_then(Value::as_str).map(str::to_owned) else { return };
    for name in names.iter().filter(|name| !name.is_empty()) {
        text = text.replace(name.as_str(), &initial(name));
    }
    note["text"] = text.into();
    if !names.is_empty() {
        note["names"] = names.iter().map(|name| initial(name)).collect();
    }
}

/// Calls a function on each text that may name a person, with the name of its field.
fn walk(value: &mut Value, to: &mut impl FnMut(&mut String, &str)) {
    fn within(value: &mut Value, field: &str, to: &mut impl FnMut(&mut String, &str)) {
        match value {
            Value::String(text) => to(text, field),
            Value::Array(values) => values.iter_mut().for_each(|value| within(value, field, to)),
            Value::Object(fields) => {
                // A group's name is not a person's, even if it is spelt like one.
                let group = fields.get("type").and_then(Value::as_str) == Some("create-group")
                    || fields.contains_key("before");
                for (field, value) in fields {
                    if !group || field != "name" {
                        within(value, field, to);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    within(value, "", to);
}

struct Masks<'a> {
    emails: BTreeMap<Email, Email>,
    names: &'a BTreeSet<String>,
}

impl Masks<'_> {
    fn find(&mut self, text: &str, field: &str) {
        let mut found = Vec::new();
        parts(text, field, &mut |email| {
            found.push(email.clone());
            None
        });
        self.emails.extend(found.into_iter().map(|email| (email.clone(), email)));
    }

    fn number(&mut self) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (email, mask) in &mut self.emails {
            let first = email.as_str().chars().next().unwrap_or('*').to_lowercase();
            let domain = email.domain().to_ascii_lowercase();
            let number = counts.entry(format!("{first}@{domain}")).or_default();
            *number += 1;
            // The first letter of an email and its domain are still a valid email.
            *mask = Email::parse(&format!("{first}***{number}@{domain}")).unwrap_or_else(|_| mask.clone());
        }
    }

    fn masked(&self, text: &str, field: &str) -> String {
        if field == "name" && self.names.contains(text) {
            return initial(text);
        }
        let mut masked = parts(text, field, &mut |email| self.emails.get(email).cloned());
        if masked.contains('(') {
            // Every sentence of a plan writes display names in parentheses.
            let named = self.names.iter().filter(|name| !name.is_empty());
            for name in named {
                masked = masked.replace(&format!("({name})"), &format!("({})", initial(name)));
            }
        }
        masked
    }
}

fn initial(name: &str) -> String {
    name.chars().take(1).chain("***".chars()).collect()
}

/// Replaces the emails of a text. A field for an address contains nothing else; in other fields `user.ada@acme.com`
/// is an email.
fn parts(text: &str, field: &str, replace: &mut dyn FnMut(&Email) -> Option<Email>) -> String {
    if let Some(address) = ADDRESSES.contains(&field).then(|| text.parse().ok()).flatten() {
        return within(address, replace).to_string();
    }
    if let Ok(Key { address, action }) = text.parse::<Key>() {
        return Key { address: within(address, replace), action }.to_string();
    }
    let ends = |c: char| c.is_whitespace() || "(),;:`'\"<>{}[]".contains(c);
    let mut masked = String::with_capacity(text.len());
    for word in text.split_inclusive(ends) {
        let bare = word.trim_end_matches(|c| ends(c) || c == '.');
        match (bare.parse::<Address>(), Email::parse(bare)) {
            (Ok(address @ (Address::Member(..) | Address::Grant(..))), _) => {
                masked.push_str(&within(address, replace).to_string());
            }
            // These characters may be part of an email, or separate two: an email in no address of the plan is split.
            (Ok(_) | Err(_), email) if bare.contains(['/', '|', '=']) => {
                let whole = email.ok().and_then(|email| replace(&email));
                masked.push_str(&whole.map_or_else(|| apart(bare, replace), |email| email.to_string()));
            }
            (Ok(_) | Err(_), Ok(email)) => masked.push_str(replace(&email).unwrap_or(email).as_str()),
            (Ok(_) | Err(_), Err(_)) => masked.push_str(bare),
        }
        masked.push_str(&word[bare.len()..]);
    }
    masked
}

/// Replaces the emails of a word that are separated by characters which an email may contain.
fn apart(word: &str, replace: &mut dyn FnMut(&Email) -> Option<Email>) -> String {
    let mut masked = String::with_capacity(word.len());
    for part in word.split_inclusive(['/', '|', '=']) {
        let bare = part.trim_end_matches(['/', '|', '=']);
        match Email::parse(bare) {
            Ok(email) => masked.push_str(replace(&email).unwrap_or(email).as_str()),
            Err(_) => masked.push_str(bare),
        }
        masked.push_str(&part[bare.len()..]);
    }
    masked
}

fn within(address: Address, replace: &mut dyn FnMut(&Email) -> Option<Email>) -> Address {
    let mut person = |user: UserRef| match &user {
        UserRef::Email(email) => replace(email).map_or(user, UserRef::Email),
        UserRef::Account(_) => user,
    };
    match address {
        Address::Group(_) | Address::Grant(..) => address,
        Address::User(user) => Address::User(person(user)),
        Address::Member(group, user) => Address::Member(group, person(user)),
    }
}
