//! Accounts by email, from a CSV file that the admin console exports (docs/atlassian.md#export-of-users).

use std::collections::BTreeMap;

use crate::model::{AccountId, Email, EmailError};

use super::values::{LONGEST_ID, is_id};

/// The headers of the account's ID: of the users' export, and of the managed accounts' export.
const ID_HEADERS: [&str; 2] = ["user id", "atlassian id"];

/// The headers of the email.
const EMAIL_HEADERS: [&str; 2] = ["email", "email address"];

/// Why an export is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// It is not CSV.
    #[error("not a CSV file: {0}")]
    Csv(String),
    /// A column is missing.
    #[error("it has no column named {0}")]
    Column(&'static str),
    /// A row has an invalid email.
    #[error("line {line}: invalid email: {source}")]
    Email {
        /// Counted from 1.
        line: u64,
        /// The fault.
        source: EmailError,
    },
    /// A row has an email and no ID.
    #[error("line {0} has an email but no account ID")]
    NoId(u64),
    /// A row has an invalid account ID.
    #[error("line {0}: invalid account ID; it needs 1 to {LONGEST_ID} visible ASCII characters")]
    Id(u64),
    /// An email belongs to two accounts.
    #[error("{email} is account {one} and account {other}")]
    Ambiguous {
        /// The email.
        email: Email,
        /// The first account.
        one: AccountId,
        /// The other account.
        other: AccountId,
    },
}

/// Reads an export in either of its shapes: one row a user, or one a user and group. Columns are found by their header,
/// in any case and order; other columns are ignored, and so are rows without an email.
///
/// # Errors
/// [`ExportError`] describes the fault, with its line.
pub fn exported_accounts(text: &str) -> Result<BTreeMap<Email, AccountId>, ExportError> {
    let (text, first_line, delimiter) = separated(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let csv = |error: csv::Error| ExportError::Csv(error.to_string());
    let headers = reader.headers().map_err(csv)?.clone();
    let column =
        |names: &[&str]| headers.iter().position(|header| names.contains(&header.to_lowercase().as_str()));
    let id_column = column(&ID_HEADERS).ok_or(ExportError::Column("`User id`"))?;
    let email_column = column(&EMAIL_HEADERS).ok_or(ExportError::Column("`email`"))?;
    let mut accounts: BTreeMap<Email, AccountId> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(csv)?;
        let line = record.position().map_or(0, csv::Position::line) + first_line;
        let field = |column: usize| record.get(column).filter(|text| !text.is_empty());
        let Some(email) = field(email_column) else { continue };
        let email = Email::parse(email).map_err(|source| ExportError::Email { line, source })?;
        let id = field(id_column).ok_or(ExportError::NoId(line))?;
        // The lock would accept it, and could not be read again.
        let id = is_id(id).then(|| AccountId::new(id)).ok_or(ExportError::Id(line))?;
        match accounts.get(&email) {
            Some(one) if *one != id => {
                return Err(ExportError::Ambiguous { email, one: one.clone(), other: id });
            }
            Some(_) | None => accounts.insert(email, id),
        };
    }
    Ok(accounts)
}

/// Removes Excel's line that names the separator from a table; returns the table, how many lines that was, and the
/// separator: spreadsheets of many countries save with `;`, and some with a tab.
fn separated(text: &str) -> (&str, u64, u8) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some([delimiter]) = first.trim_end().trim_matches('"').strip_prefix("sep=").map(str::as_bytes) {
        return (rest, 1, *delimiter);
    }
    let count = |delimiter: &u8| first.bytes().filter(|b| b == delimiter).count();
    let delimiter = [b',', b';', b'\t'].into_iter().rev().max_by_key(count).unwrap_or(b',');
    (text, 0, delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, ExportError> {
        let accounts = exported_accounts(text)?;
        Ok(accounts.into_iter().map(|(email, id)| (email.to_string(), id.to_string())).collect())
    }

    #[test]
    fn reads_both_shapes_by_header() {
        let one_a_user = "\u{feff}User id,User name,email,User status,Org role,Jira - acme,New column\n\
                          712020:a,\"Ada, L.\",ada@acme.com,Active,,User,x\n\
                          712020:b,Bob,,Deactivated,,None\n";
        assert_eq!(read(one_a_user).unwrap(), [("ada@acme.com".into(), "712020:a".into())]);
        let one_a_membership =
            "Email,Group name,User ID\nada@acme.com,sre,712020:a\nada@acme.com,ops,712020:a\n";
        assert_eq!(read(one_a_membership).unwrap(), [("ada@acme.com".into(), "712020:a".into())]);
    }

    #[test]
    fn reads_what_a_spreadsheet_saved_again() {
        let ada = [("ada@acme.com".to_owned(), "712020:a".to_owned())];
        for text in [
            "User id;User name;email\n712020:a;\"Ada; L.\";ada@acme.com\n",
            "\u{feff}User id\tUser name\temail\r\n712020:a\tAda, L.\tada@acme.com\r\n",
            "sep=;\nUser id;email\n712020:a;ada@acme.com\n",
            "\"sep=,\"\r\nUser id,email\r\n712020:a,ada@acme.com\r\n",
        ] {
            assert_eq!(read(text).unwrap(), ada, "{text}");
        }
        assert_eq!(read("sep=;\nUser id;email\n;a@b.c\n"), Err(ExportError::NoId(3)));
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(read("User name,email\n"), Err(ExportError::Column("`User id`")));
        assert_eq!(read("User id,name\n"), Err(ExportError::Column("`email`")));
        assert_eq!(
            read("User id,email\n1,a\u{202e}@b.c\n"),
            Err(ExportError::Email { line: 2, source: EmailError::Invisible(0x202e) })
        );
        assert_eq!(read("User id,email\n,a@b.c\n"), Err(ExportError::NoId(2)));
        for none in ["712020: a", "712020:ä", "712020:\u{1b}[2J", &"a".repeat(129)] {
            assert_eq!(read(&format!("User id,email\n{none},a@b.c\n")), Err(ExportError::Id(2)));
        }
        assert!(matches!(read("User id,email\n1,a@b.c\n2,A@b.c\n"), Err(ExportError::Ambiguous { .. })));
    }
}
