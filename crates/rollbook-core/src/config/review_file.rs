//! The file of an access review.

use crate::model::{AccessReview, formats};

const HEAD: &str = "# An access review, made by `rollbook review start`. Decide each row in a pull request: set `decision` to `keep` or\n\
                    # `remove`, and add `by` (your email) and `because`. Nothing else may change: the digest is over all the rest.\n";

/// Why a file is not a review.
#[derive(Debug, thiserror::Error)]
pub enum ReviewFileError {
    /// It cannot be read.
    #[error("it is not the file of a review: {0}")]
    Shape(String),
    /// It is of another format.
    #[error("its format is {0}, and this version reads {known}", known = formats::REVIEW)]
    Format(String),
}

/// The text of a review, with a line break at its end. Reading it gives the same review.
///
/// # Panics
/// Never: a review is plain data.
pub fn review_text(review: &AccessReview) -> String {
    #[expect(clippy::expect_used, reason = "plain values with string keys always serialise")]
    let body = serde_saphyr::to_string(review).expect("a review is plain data");
    format!("{HEAD}{body}")
}

/// Reads a review.
///
/// # Errors
/// [`ReviewFileError`] when it is not one, or one of another version.
pub fn review_of(text: &str) -> Result<AccessReview, ReviewFileError> {
    // A large site has a row for each of a million memberships: no limit on size but that of the file.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: usize::MAX,
            max_events: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
        },
    };
    let review: AccessReview = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| ReviewFileError::Shape(error.without_snippet().to_string()))?;
    if review.format != formats::REVIEW {
        return Err(ReviewFileError::Format(review.format));
    }
    Ok(review)
}
