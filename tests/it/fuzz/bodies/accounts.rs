//! The export of users that the admin console gives, as CSV.

use rollbook::config::exported_accounts;

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let text = text.trim_start_matches('\u{feff}');
    let read = exported_accounts(text);
    assert_eq!(exported_accounts(&format!("\u{feff}{text}")), read, "a mark at the start changes nothing");
    let accounts = match read {
        Ok(accounts) => accounts,
        Err(error) => {
            let said = error.to_string();
            assert!(said.len() < 1000, "{} bytes", said.len());
            return;
        }
    };
    assert!(accounts.values().all(|id| !id.as_str().is_empty()));
    // But for the quotes that CSV doubles.
    let unquoted = text.replace('"', "");
    assert!(
        accounts.keys().all(|email| unquoted.contains(&email.as_str().replace('"', ""))),
        "none is made up"
    );
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["Email", "x", "User ID"]).expect("it is written to memory");
    for (email, id) in accounts.iter().rev() {
        writer.write_record([email.as_str(), "", id.as_str()]).expect("it is written to memory");
    }
    let written = String::from_utf8(writer.into_inner().expect("it is memory")).expect("it is text");
    assert_eq!(exported_accounts(&written), Ok(accounts), "{written}");
}
