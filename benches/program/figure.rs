//! The measurements, and what they are compared with.

use std::fmt;

/// One line of a table.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// The name of the measurement.
    pub(crate) what: String,
    /// The measured amount.
    pub(crate) measured: Amount,
    /// The name and amount of the comparison, if there is one.
    pub(crate) against: Option<(String, Amount)>,
    /// The maximum ratio to the comparison.
    pub(crate) at_most: Option<f64>,
}

/// A number with its unit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Amount {
    Requests(u64),
    Seconds(f64),
    Milliseconds(f64),
    Megabytes(f64),
}

impl Figure {
    /// A measurement without a comparison.
    pub(crate) fn plain(what: impl Into<String>, measured: Amount) -> Self {
        Self { what: what.into(), measured, against: None, at_most: None }
    }

    /// Sets the comparison.
    #[must_use]
    pub(crate) fn beside(self, what: impl Into<String>, amount: Amount) -> Self {
        Self { against: Some((what.into(), amount)), ..self }
    }

    /// Sets the maximum ratio to the comparison.
    #[must_use]
    pub(crate) fn at_most(self, times: f64) -> Self {
        Self { at_most: Some(times), ..self }
    }

    /// The ratio to the comparison.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let (_, against) = self.against.as_ref()?;
        Some(self.measured.number() / against.number())
    }

    /// Whether it is within its bound.
    pub(crate) fn holds(&self) -> bool {
        match (self.ratio(), self.at_most) {
            (Some(ratio), Some(most)) => ratio <= most,
            (Some(_) | None, _) => true,
        }
    }

    /// The cells of its row: what, measured, against, ratio, most.
    pub(crate) fn cells(&self) -> [String; 5] {
        let against =
            self.against.as_ref().map_or_else(String::new, |(what, amount)| format!("{amount} ({what})"));
        let ratio = self.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let most = self.at_most.map_or_else(String::new, |most| {
            format!("{most:.1}{}", if self.holds() { "" } else { " MISSED" })
        });
        [self.what.clone(), self.measured.to_string(), against, ratio, most]
    }
}

impl Amount {
    fn number(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "there are not that many requests")]
            Self::Requests(count) => count as f64,
            Self::Seconds(number) | Self::Milliseconds(number) | Self::Megabytes(number) => number,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(count) => write!(f, "{count} requests"),
            Self::Seconds(number) => write!(f, "{number:.2} s"),
            Self::Milliseconds(number) => write!(f, "{number:.1} ms"),
            Self::Megabytes(number) => write!(f, "{number:.1} MB"),
        }
    }
}

/// The heads of the columns.
pub(crate) const HEADS: [&str; 5] = ["", "measured", "against", "ratio", "at most"];

/// A table for a terminal.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut rows = vec![HEADS.map(ToOwned::to_owned)];
    rows.extend(figures.iter().map(Figure::cells));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4].map(width);
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("  {}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
