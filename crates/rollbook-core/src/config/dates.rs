//! Dates, as they are written and as they were meant.

use jiff::civil::Date;

/// A date that is written as YYYY-MM-DD.
pub(super) fn day(text: &str) -> Option<Date> {
    let is_shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_shaped.then(|| text.parse().ok()).flatten()
}

/// The date that was meant by another notation, if it can only be one: `28.02.2027` and `2027-2-28`, but not `02/03/2027`,
/// which is February to some and March to others.
pub(super) fn meant(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.trim().split(['.', '/', '-']).map(str::trim).collect();
    let &[first, second, third] = parts.as_slice() else { return None };
    let number = |part: &str| part.parse::<i16>().ok().filter(|it| *it > 0);
    let small = |part: &str| number(part).and_then(|it| i8::try_from(it).ok());
    if first.len() == 4 {
        return Date::new(number(first)?, small(second)?, small(third)?).ok();
    }
    let (year, one, other) = (Some(third).filter(|it| it.len() == 4)?, small(first)?, small(second)?);
    let day_first = Date::new(number(year)?, other, one).ok();
    let month_first = Date::new(number(year)?, one, other).ok();
    // With dots the day always comes first.
    match (day_first, month_first) {
        (Some(date), _) if text.contains('.') => Some(date),
        (Some(date), None) | (None, Some(date)) => Some(date),
        (Some(one), Some(other)) => (one == other).then_some(one),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_in_another_form_is_understood_where_it_is_one_alone() {
        for (text, day) in [
            ("28.02.2027", Some(date(2027, 2, 28))),
            ("3.2.2027", Some(date(2027, 2, 3))),
            ("2027-2-8", Some(date(2027, 2, 8))),
            ("2027/02/28", Some(date(2027, 2, 28))),
            ("28/02/2027", Some(date(2027, 2, 28))),
            ("02/28/2027", Some(date(2027, 2, 28))),
            ("02/03/2027", None),
            ("30.02.2027", None),
            ("28.02.27", None),
            ("soon", None),
        ] {
            assert_eq!(meant(text), day, "{text}");
        }
    }
}
