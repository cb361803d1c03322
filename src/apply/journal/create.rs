//! Makes the file of a journal, so that it is its owner's alone and is still there after a power failure.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::JournalError;

pub(super) fn create(path: &Path) -> Result<File, JournalError> {
    let failed = |source: io::Error| JournalError::Create { path: path.to_path_buf(), source: source.into() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_folder(folder).map_err(failed)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    let file = options.open(path).map_err(|error| {
        let is_there = error.kind() == ErrorKind::AlreadyExists;
        if is_there { JournalError::Exists(path.to_path_buf()) } else { failed(error) }
    })?;
    sync_folder(folder).map_err(failed)?;
    Ok(file)
}

/// Makes a folder and those above it that are missing, and brings each entry to disk.
fn create_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|it| !it.as_os_str().is_empty() && !it.exists()).collect();
    let mut builder = DirBuilder::new();
    private(&mut builder);
    for folder in missing.into_iter().rev() {
        match builder.create(folder) {
            // Another run may have been quicker.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made?,
        }
        let above = folder.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync_folder(above)?;
    }
    fs::metadata(folder).map(|_| ())
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(unix)]
fn private(builder: &mut DirBuilder) {
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
}

/// A file's entry in its folder is on disk once the folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

#[cfg(not(unix))]
fn private(_: &mut DirBuilder) {}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
