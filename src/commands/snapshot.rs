//! `rollbook snapshot`, and the reading of snapshots.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use crate::atlassian::Surfaces;
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch;
use crate::model::{Capabilities, Locator, Place, Questions, Snapshot, SnapshotHeader};
use crate::plan::snapshot::{self, Disclosed, Names};
use crate::plan::{self, Beside, Desired, Resolved};
use crate::render::count;

use super::plan::Part;
use super::planning::{Asked, Source};
use super::session::{Loaded, Session, VERSION};
use super::{OUTPUT, block_on, connect};
use crate::files::{Readers, read_text, replace};

/// The largest snapshot that is read, in bytes.
pub(super) const LARGEST: u64 = 512 << 20;

/// The arguments of `snapshot`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file to write [default: stdout]
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    /// Also write pseudonyms for declared people
    #[arg(long, help_heading = OUTPUT)]
    redact: bool,
}

/// Reads the site, and writes a snapshot.
///
/// # Errors
/// [`Error`] when a read is incomplete, or the file cannot be written.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let surfaces = connect(session, &loaded.declaration.settings)?;
    let snapshot = block_on(session.snapshot(&surfaces, &loaded, arguments.redact))?;
    let text = snapshot::sealed_text(&snapshot);
    let Some(path) = &arguments.out else {
        session.data(&text)?;
        return Ok(Exit::Done);
    };
    replace(path, &text, Readers::Owner).map_err(Error::io(format!("failed to write {}", path.display())))?;
    let (groups, members) = (snapshot.readings.groups.len(), snapshot.readings.members.len());
    let users = count(snapshot.readings.users.len(), "user");
    session.terminal.say(&format!(
        "The snapshot is in {}: {}, {members} of them with their members, and {users}.",
        path.display(),
        count(groups, "group")
    ));
    Ok(Exit::Done)
}

/// Reads a snapshot, and recognizes the names of a tree, its base and a command line in it.
pub(super) fn opened(
    session: &Session,
    loaded: &Loaded,
    part: &Part,
    path: &Path,
) -> Result<Snapshot, Error> {
    let text = read_text(path, LARGEST).map_err(Error::io(format!("failed to read {}", path.display())))?;
    let mut names = Names::of(&Desired::of(&loaded.declaration, session.today));
    if let Some(base) = &loaded.base {
        names.extend(Names::of(&Desired::of(base.declaration(), session.today)));
    }
    names.add(&part.target);
    names.emails.extend(part.authors.iter().cloned());
    Ok(snapshot::opened(&text, &Place::of(&loaded.declaration.settings), &names)?)
}

impl Session {
    async fn snapshot(&self, surfaces: &Surfaces, loaded: &Loaded, redact: bool) -> Result<Snapshot, Error> {
        let declaration = &loaded.declaration;
        let desired = Desired::of(declaration, self.today);
        let header = SnapshotHeader {
            taken: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            rollbook: VERSION.into(),
            place: Place::of(&declaration.settings),
            redacted: redact,
            key: String::new(),
            checksum: None,
        };
        let mut snapshot = Snapshot {
            header,
            readings: self.telling(Box::pin(fetch::readings(surfaces, &desired))).await?,
            asked: Questions::default(),
            answers: Capabilities::default(),
        };
        let live = snapshot::live_state(&snapshot, &desired, Beside::default())?;
        let changes = plan::diff(&Resolved::of(desired.clone(), &live), &live, &Locator::new(&loaded.tree));
        snapshot.asked = plan::questions(&changes, &live, declaration);
        snapshot.asked.join(snapshot::possible(&snapshot, &desired, &live));
        let site = &declaration.settings.site.value;
        snapshot.answers =
            self.telling(Box::pin(fetch::capabilities(surfaces, &snapshot.asked, &live, site))).await?;
        if redact {
            return Ok(snapshot::pseudonymized(snapshot, &Disclosed::default()));
        }
        let part = Part::default();
        let planned = self.plan(Source::Snapshot(&snapshot), loaded, &Asked::of(&part)).await?;
        let made = snapshot::Planned {
            desired: &desired,
            live: &planned.live,
            questions: &planned.questions,
            plan: &planned.plan,
        };
        let disclosed = Disclosed::of(&snapshot, made);
        Ok(snapshot::pseudonymized(snapshot, &disclosed))
    }
}
