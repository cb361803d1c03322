//! Filters: exactly one `eq` on a supported attribute (docs/atlassian.md#listings-of-scim).

use crate::reply::Reply;

use super::errors::bad_request;

/// Reads `attribute eq "value"` into the attribute, in the spelling of `known`, and the value.
pub(super) fn read(filter: &str, known: &[&'static str]) -> Result<(&'static str, String), Reply> {
    let unsupported = || bad_request("invalidFilter", &format!("The filter is not supported: {filter}"));
    let mut parts = filter.trim().splitn(3, ' ');
    let (Some(name), Some(operator), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(unsupported());
    };
    let attribute = known.iter().find(|known| known.eq_ignore_ascii_case(name)).ok_or_else(unsupported)?;
    if !operator.eq_ignore_ascii_case("eq") {
        return Err(unsupported());
    }
    // A value is a JSON text; a suffix such as ` and …` makes it invalid.
    let value: String = serde_json::from_str(value.trim()).map_err(|_| unsupported())?;
    Ok((attribute, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_equation_and_nothing_else() {
        let known = ["userName", "externalId"];
        assert_eq!(read(r#"username EQ "a \"b\" c""#, &known).unwrap(), ("userName", "a \"b\" c".to_owned()));
        for bad in [
            "",
            "userName",
            "userName eq",
            "userName eq a",
            "userName co \"a\"",
            "active eq true",
            "emails eq \"a\"",
            "userName eq \"a\" and externalId eq \"b\"",
        ] {
            assert!(read(bad, &known).is_err(), "{bad}");
        }
    }
}
