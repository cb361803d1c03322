//! Files that commands read and write.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

/// Who may read a written file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Others may, as they may the rest of a repository; a file that is there keeps its mode.
    Everybody,
    /// Only the owner may, even if others could before.
    Owner,
}

/// Reads a file of at most `most` bytes. Refuses a pipe, which could block.
///
/// # Errors
/// What the system says, and where it is not a file, or larger.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it is larger than {} MiB", most >> 20)));
    }
    Ok(bytes)
}

/// Reads a file as text.
///
/// # Errors
/// As [`read`], and where it is not UTF-8.
pub(crate) fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

/// Replaces a file atomically, so that an interrupted run leaves the old one.
///
/// # Errors
/// What the system says, and where something else than a file is there: a link leads to a place that nobody named.
pub(crate) fn replace(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let before = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => return Err(io::Error::other("it is a symbolic link")),
        Ok(meta) if !meta.is_file() => return Err(io::Error::other("it is not a file")),
        Ok(meta) => Some(meta.permissions()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = builder(readers).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Some(before) = before.filter(|_| readers == Readers::Everybody) {
        file.as_file().set_permissions(plain(&before))?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync(folder)
}

#[cfg(unix)]
fn builder(readers: Readers) -> tempfile::Builder<'static, 'static> {
    let mode = match readers {
        Readers::Everybody => 0o644,
        Readers::Owner => 0o600,
    };
    let mut builder = tempfile::Builder::new();
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    builder
}

#[cfg(not(unix))]
fn builder(_: Readers) -> tempfile::Builder<'static, 'static> {
    tempfile::Builder::new()
}

/// The permission bits of a mode.
#[cfg(unix)]
fn plain(permissions: &Permissions) -> Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    Permissions::from_mode(permissions.mode() & 0o777)
}

#[cfg(not(unix))]
fn plain(permissions: &Permissions) -> Permissions {
    permissions.clone()
}

/// Writes the folder's new entry to disk.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_keeps_its_mode_and_a_private_one_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        replace(&path, "new", Readers::Everybody).unwrap();
        assert_eq!(mode(&path) & !0o644, 0, "the process's mask may take some away");
        for kept in [0o600, 0o640, 0o755, 0o666] {
            fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
            replace(&path, "again", Readers::Everybody).unwrap();
            assert_eq!(mode(&path), kept);
        }
        fs::set_permissions(&path, Permissions::from_mode(0o4644)).unwrap();
        replace(&path, "again", Readers::Everybody).unwrap();
        assert_eq!(mode(&path), 0o644);
        replace(&path, "secret", Readers::Owner).unwrap();
        assert_eq!((mode(&path), fs::read_to_string(&path).unwrap().as_str()), (0o600, "secret"));
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn only_a_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("target"), "kept").unwrap();
        symlink(at("target"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        let before = names(folder.path());
        for name in ["link", "dangling", "folder", "socket"] {
            for readers in [Readers::Everybody, Readers::Owner] {
                let error = replace(&at(name), "new", readers).unwrap_err().to_string();
                assert!(error == "it is a symbolic link" || error == "it is not a file", "{name}: {error}");
            }
        }
        assert_eq!(fs::read_to_string(at("target")).unwrap(), "kept");
        assert_eq!(names(folder.path()), before, "nothing is left behind");
        assert!(replace(&at("no/folder"), "new", Readers::Everybody).is_err());
    }
}
