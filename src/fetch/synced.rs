//! The groups that a tree takes members from: who is in them, and who may change them.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use tracing::info;

use crate::atlassian::{IN_FLIGHT, Surfaces};
use crate::model::{ErrorExt, GroupId, GroupName, Read, Surface, SyncedGroups, Unread};

use super::Error;
use super::capabilities::kinds;
use super::members::{Members, members};

/// Reads groups each by itself, into those that were read before. One that is refused or cut off is kept as that: it ends
/// nothing but what depends on it.
///
/// # Errors
/// What ends every command: that another site answers than the tree names.
pub(super) async fn synced(
    surfaces: &Surfaces,
    through: Surface,
    groups: &BTreeMap<GroupId, GroupName>,
    read: &mut Members,
) -> Result<SyncedGroups, Error> {
    if groups.is_empty() {
        return Ok(SyncedGroups::default());
    }
    info!(groups = groups.len(), "reading the synced groups that members come from");
    let (kinds, unread) = kinds(surfaces, groups, Read::Synced).await?;
    let mut synced = SyncedGroups { kinds, unread };
    let left: Vec<&GroupId> = groups.keys().filter(|id| !read.of.contains_key(*id)).collect();
    let reads =
        left.into_iter().map(async |id| (id, members(surfaces, through, std::slice::from_ref(id)).await));
    let reads: Vec<_> = stream::iter(reads).buffered(IN_FLIGHT).collect().await;
    for (id, members) in reads {
        match members {
            Ok(members) => read.take_in(members),
            Err(Error::Surface(error)) if !error.is_another_site() => {
                let (why, help) = (error.chain(), error.help());
                let about = Some(id.to_string());
                synced.unread.insert(Unread { read: Read::Synced, about, why, help });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(synced)
}
