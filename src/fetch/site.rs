//! Makes sure that reads are of the right site.

use tokio::try_join;

use crate::atlassian::{self, Surfaces};

use super::Error;

/// Reads, and asks meanwhile whether it is the site that the tree names. Another site ends the reads; a failure of this
/// question is reported only after they succeed, since their errors are nearer to the cause.
pub(super) async fn at_site<T>(
    surfaces: &Surfaces,
    reads: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let Some(site) = &surfaces.site else { return reads.await };
    let asked = async {
        match site.confirm().await {
            Err(error) if error.is_another_site() => Err(error),
            said => Ok(said),
        }
    };
    let (said, read) = try_join!(asked, async { Ok::<_, atlassian::Error>(reads.await) })?;
    let read = read?;
    said?;
    Ok(read)
}
