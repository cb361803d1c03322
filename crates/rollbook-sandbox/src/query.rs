//! The query of a request: keys may occur several times, as in `groupId=a&groupId=b`.

use percent_encoding::percent_decode_str;

/// The pairs of a query, decoded, in their order.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `a=b&c=d`; `+` is a space, and bytes that are not UTF-8 become `U+FFFD`.
    pub(super) fn parse(query: &str) -> Query {
        let decode =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Query(
            pairs
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(key), decode(value))
                })
                .collect(),
        )
    }

    /// What these pairs say.
    pub(super) fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Query {
        Query(pairs.into_iter().collect())
    }

    /// The first value of a key.
    pub(super) fn one(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    /// The first value of a key, unless it is empty.
    pub(super) fn filled(&self, key: &str) -> Option<&str> {
        self.one(key).filter(|value| !value.is_empty())
    }

    /// Every value of a key.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether a key says `true` in any case, as Java reads booleans; everything else is `false`.
    pub(super) fn is_true(&self, key: &str) -> bool {
        self.one(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Every pair.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_stands_between_the_separators() {
        let query = Query::parse("groupId=a&groupId=b%26%3D&accountId=712020%3Ax&name=a+b%2Bc&flag&=&x=%FF");
        assert_eq!(query.all("groupId").collect::<Vec<_>>(), ["a", "b&="]);
        assert_eq!(query.one("accountId"), Some("712020:x"));
        assert_eq!(query.one("name"), Some("a b+c"));
        assert_eq!((query.one("flag"), query.filled("flag")), (Some(""), None));
        assert_eq!(query.one("x"), Some("\u{fffd}"));
        assert_eq!(query.one("absent"), None);
    }

    #[test]
    fn reads_booleans_in_any_case() {
        let query = Query::parse("a=true&b=True&c=TRUE&d=1&e=false&f=");
        let read = ["a", "b", "c", "d", "e", "f", "g"].map(|key| query.is_true(key));
        assert_eq!(read, [true, true, true, false, false, false, false]);
    }
}
