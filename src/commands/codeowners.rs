//! `rollbook codeowners`.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use clap::Args;
use similar::TextDiff;

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::git;
use crate::render::{self, OwnedTree};

use super::{OUTPUT, SAFETY, Session};
use crate::files::{Readers, read_text, replace};

/// A platform that hosts repositories.
struct Platform {
    name: &'static str,
    /// The file or folder that a repository with its pipelines has.
    mark: &'static str,
    /// Where it looks for a CODEOWNERS: the first that exists counts.
    places: &'static [&'static str],
    /// Where a new one is created.
    usual: &'static str,
}

/// From each one's documentation: GitHub's "About code owners", GitLab's "Code Owners", Bitbucket's "Set up and use code
/// owners".
const PLATFORMS: [Platform; 3] = [
    Platform {
        name: "GitHub",
        mark: ".github/workflows",
        places: &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"],
        usual: ".github/CODEOWNERS",
    },
    Platform {
        name: "GitLab",
        mark: ".gitlab-ci.yml",
        places: &["CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"],
        usual: ".gitlab/CODEOWNERS",
    },
    Platform {
        name: "Bitbucket",
        mark: "bitbucket-pipelines.yml",
        places: &[".bitbucket/CODEOWNERS"],
        usual: ".bitbucket/CODEOWNERS",
    },
];

/// The files that decide which commands run with credentials, and who reviews them. All places of a CODEOWNERS are among
/// them: a new one in an earlier place would count instead.
const CI: [&str; 7] = [
    ".github/",
    ".gitlab/",
    ".bitbucket/",
    ".gitlab-ci.yml",
    "bitbucket-pipelines.yml",
    "CODEOWNERS",
    "docs/CODEOWNERS",
];

/// The largest CODEOWNERS that is read, in bytes; GitHub takes 3 MB.
const LARGEST: u64 = 4 << 20;

/// The arguments of `codeowners`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Write nothing; show what would change, and exit with 1 when something would
    #[arg(long, help_heading = SAFETY)]
    check: bool,
    /// The file [default: where the platform of the repository's pipelines looks]
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    file: Option<PathBuf>,
}

/// Writes the reviewers of the files of the repository's trees into its CODEOWNERS, and keeps its other lines.
///
/// # Errors
/// [`Error`] when the tree is invalid, when nobody would own the rules, and when the file cannot be read or written.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let root = session.root()?;
    let repository = git::top(&root).unwrap_or_else(|| root.clone());
    let path = match &arguments.file {
        Some(path) => path.clone(),
        None => repository.join(place(&repository)?),
    };
    let before = read(&path)?;
    let trees: Vec<OwnedTree> = trees(session, &root)?.iter().map(owned).collect::<Result<_, Error>>()?;
    let own = within(&path, &repository);
    let covered = |own: &&str| !CI.iter().any(|ci| own == ci || (ci.ends_with('/') && own.starts_with(ci)));
    let ci: Vec<&str> = CI.into_iter().chain(own.as_deref().filter(covered)).collect();
    let after = render::codeowners(&before, &trees, &ci)?;
    if after == before {
        session.terminal.say("CODEOWNERS matches the trees");
        return Ok(Exit::Done);
    }
    if arguments.check {
        let diff = TextDiff::from_lines(before.as_str(), after.as_str());
        session.data(&diff.unified_diff().header("a/CODEOWNERS", "b/CODEOWNERS").to_string())?;
        session.terminal.say("CODEOWNERS does not match the trees");
        return Ok(Exit::Failed);
    }
    let failed = || Error::io(format!("failed to write {}", path.display()));
    std::fs::create_dir_all(path.parent().unwrap_or(&repository)).map_err(failed())?;
    replace(&path, &after, Readers::Everybody).map_err(failed())?;
    session.terminal.say(&format!("wrote {}", path.display()));
    Ok(Exit::Done)
}

/// All trees of the repository, since they share the CODEOWNERS. A folder in no repository is a single tree.
fn trees(session: &Session, root: &Path) -> Result<Vec<Session>, Error> {
    if git::top(root).is_none() { Ok(vec![session.clone()]) } else { session.trees(root) }
}

/// Loads a tree, with its reviewers.
fn owned(tree: &Session) -> Result<OwnedTree, Error> {
    let folder = tree.prefix();
    let loaded =
        tree.load().inspect_err(|_| tree.terminal.tell(&format!("note: in the folder /{folder}")))?;
    let admins = config::active_admins(&loaded.declaration, tree.today);
    if admins.is_empty() && !loaded.declaration.policy.admins.is_empty() {
        return Err(Error::NoActiveAdmin(folder));
    }
    let files = config::owners_of_files(&loaded.declaration, &loaded.tree, tree.today);
    Ok(OwnedTree { folder, admins, files, shares: loaded.declaration.settings.share })
}

/// Where the repository's CODEOWNERS is, or will be.
fn place(repository: &Path) -> Result<&'static str, Error> {
    let is_there = |path: &str| repository.join(path).symlink_metadata().is_ok();
    let runs: Vec<&Platform> = PLATFORMS.iter().filter(|platform| is_there(platform.mark)).collect();
    if let [platform] = runs.as_slice() {
        let there = platform.places.iter().copied().find(|place| is_there(place));
        return Ok(there.unwrap_or(platform.usual));
    }
    let mut there: Vec<&'static str> = Vec::new();
    for place in PLATFORMS.iter().flat_map(|platform| platform.places) {
        if is_there(place) && !there.contains(place) {
            there.push(place);
        }
    }
    match (runs.as_slice(), there.as_slice()) {
        ([], []) => Ok(PLATFORMS[0].usual),
        ([], [first, ..]) | (_, [first]) => Ok(first),
        (several, _) => {
            let named: Vec<String> =
                several.iter().map(|platform| format!("{} ({})", platform.name, platform.mark)).collect();
            Err(Error::Usage(format!(
                "the repository has pipelines of {}, which look for CODEOWNERS in different places: name the one \
                 that reviews with `--file`, such as {}",
                named.join(" and "),
                several[0].usual
            )))
        }
    }
}

/// A file's path in the repository, with `/` between the parts; `None` if it is outside.
fn within(path: &Path, repository: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    // Its folder may not exist yet, and its path may contain a link.
    let (folder, meant) =
        path.ancestors().skip(1).find_map(|folder| Some((folder, folder.canonicalize().ok()?)))?;
    let meant = meant.join(path.strip_prefix(folder).ok()?);
    let parts = meant.strip_prefix(repository.canonicalize().ok()?).ok()?.components();
    let parts: Vec<&str> = parts
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
        })
        .collect::<Option<_>>()?;
    Some(parts.join("/"))
}

fn read(path: &Path) -> Result<String, Error> {
    match read_text(path, LARGEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(Error::io(format!("failed to read {}", path.display()))),
    }
}
