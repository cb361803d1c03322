//! The kinds and shares of random faults, as `--faults` takes them. Pure.

use std::fmt;
use std::str::FromStr;

/// The tolerance for a sum of shares, since they are not binary fractions.
const ROUNDING: f64 = 1e-9;

/// The share of requests with each fault. As text `429=0.05,reset=0.01`, or `off`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Each fault once, in the order in which it was named.
    shares: Vec<(Fault, f64)>,
}

/// A way in which requests fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// 429, with any known set of headers and any known body; nothing is done.
    TooMany,
    /// 500, before the work or after it.
    Internal,
    /// 502, before the work or after it.
    BadGateway,
    /// 503, before the work or after it, sometimes with `Retry-After`.
    Unavailable,
    /// The connection is cut: before the work, after it, or in the body.
    Reset,
    /// The response never arrives, or only its first half does.
    Stall,
    /// Half of the body is sent as if it were complete.
    Truncate,
    /// The body claims to be gzip, but is not, or ends early.
    Gzip,
    /// A web page is sent, with 200 or 5xx, before the work or after it.
    Html,
    /// The work is done, and the connection is cut before the response.
    LostReply,
    /// The body is sent in pieces, half a second apart.
    Slow,
    /// A read sees a site in which somebody has just joined or left a group; that is undone at once.
    Moving,
}

/// Why a text names no faults.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoFaults {
    /// A part has no `=`.
    #[error("{0:?} is not NAME=SHARE, such as reset=0.01")]
    Part(String),
    /// The name is invalid.
    #[error("there is no fault {0:?}; there are {names}", names = Fault::names())]
    Unknown(String),
    /// The share is invalid.
    #[error("the share of {name} is {share:?}, and must be a number from 0 to 1")]
    Share {
        /// The fault.
        name: &'static str,
        /// The given text.
        share: String,
    },
    /// A fault is listed twice.
    #[error("{0} is named twice")]
    Twice(&'static str),
    /// The shares add up to more than 1.
    #[error("the shares add up to {0}, and there is no more than 1")]
    TooMuch(f64),
}

impl Fault {
    /// All faults.
    pub const ALL: [Fault; 12] = [
        Fault::TooMany,
        Fault::Internal,
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::Reset,
        Fault::Stall,
        Fault::Truncate,
        Fault::Gzip,
        Fault::Html,
        Fault::LostReply,
        Fault::Slow,
        Fault::Moving,
    ];

    /// Its name in `--faults` and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Fault::TooMany => "429",
            Fault::Internal => "500",
            Fault::BadGateway => "502",
            Fault::Unavailable => "503",
            Fault::Reset => "reset",
            Fault::Stall => "stall",
            Fault::Truncate => "truncate",
            Fault::Gzip => "gzip",
            Fault::Html => "html",
            Fault::LostReply => "lost-reply",
            Fault::Slow => "slow",
            Fault::Moving => "moving",
        }
    }

    fn names() -> String {
        Fault::ALL.map(Fault::name).join(", ")
    }
}

impl Faults {
    /// The fault at a point between 0 and 1; each takes up its share, and the rest has none.
    pub fn at(&self, mut point: f64) -> Option<Fault> {
        self.shares.iter().find_map(|(fault, share)| {
            point -= share;
            (point < 0.0).then_some(*fault)
        })
    }

    /// Whether there are no faults.
    pub fn is_off(&self) -> bool {
        self.shares.iter().all(|(_, share)| *share <= 0.0)
    }
}

impl FromStr for Faults {
    type Err = NoFaults;

    fn from_str(text: &str) -> Result<Faults, NoFaults> {
        let mut shares: Vec<(Fault, f64)> = Vec::new();
        for part in text.split(',').filter(|_| text != "off") {
            let (name, share) = part.split_once('=').ok_or_else(|| NoFaults::Part(part.to_owned()))?;
            let found = Fault::ALL.into_iter().find(|fault| fault.name() == name);
            let fault = found.ok_or_else(|| NoFaults::Unknown(name.to_owned()))?;
            if shares.iter().any(|(known, _)| *known == fault) {
                return Err(NoFaults::Twice(fault.name()));
            }
            match share.parse::<f64>() {
                Ok(number) if (0.0..=1.0).contains(&number) => shares.push((fault, number)),
                Ok(_) | Err(_) => {
                    return Err(NoFaults::Share { name: fault.name(), share: share.to_owned() });
                }
            }
        }
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        if sum > 1.0 + ROUNDING { Err(NoFaults::TooMuch(sum)) } else { Ok(Faults { shares }) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.shares.is_empty() {
            return f.write_str("off");
        }
        for (index, (fault, share)) in self.shares.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}={share}", fault.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<Faults>().unwrap_err().to_string()
    }

    #[test]
    fn texts_are_read_and_written() {
        let all = Fault::ALL.map(|fault| format!("{}=0.01", fault.name())).join(",");
        for text in ["off", "429=0.05,500=0.02,reset=0.01", "slow=1", "moving=0,502=0.5", &all] {
            assert_eq!(text.parse::<Faults>().unwrap().to_string(), text);
        }
        assert_eq!(Faults::default(), "off".parse().unwrap());
        // 0.1 three times and 0.7 are a little more than 1 in binary.
        assert!("429=0.1,500=0.1,502=0.1,503=0.7".parse::<Faults>().is_ok());
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for (text, why) in [
            ("", r#""" is not NAME=SHARE, such as reset=0.01"#),
            ("429", r#""429" is not NAME=SHARE, such as reset=0.01"#),
            ("off,429=0.1", r#""off" is not NAME=SHARE, such as reset=0.01"#),
            ("429=0.1,", r#""" is not NAME=SHARE, such as reset=0.01"#),
            (
                "504=0.1",
                "there is no fault \"504\"; there are 429, 500, 502, 503, reset, stall, truncate, gzip, html, \
                 lost-reply, slow, moving",
            ),
            ("429=1.1", r#"the share of 429 is "1.1", and must be a number from 0 to 1"#),
            ("429=-0.1", r#"the share of 429 is "-0.1", and must be a number from 0 to 1"#),
            ("429=NaN", r#"the share of 429 is "NaN", and must be a number from 0 to 1"#),
            ("429=5%", r#"the share of 429 is "5%", and must be a number from 0 to 1"#),
            ("reset=0.1,reset=0.1", "reset is named twice"),
            ("429=0.5,500=0.5,slow=0.25", "the shares add up to 1.25, and there is no more than 1"),
        ] {
            assert_eq!(refused(text), why, "{text}");
        }
    }

    #[test]
    fn a_point_is_in_the_share_of_one_fault() {
        let faults: Faults = "429=0.25,moving=0,reset=0.5".parse().unwrap();
        let at = |point| faults.at(point).map(Fault::name);
        assert_eq!([0.0, 0.2, 0.25, 0.7].map(at), [Some("429"), Some("429"), Some("reset"), Some("reset")]);
        assert_eq!([0.75, 0.999].map(at), [None, None]);
        assert!(!faults.is_off());
        assert!("429=0,reset=0".parse::<Faults>().unwrap().is_off() && Faults::default().is_off());
    }
}
