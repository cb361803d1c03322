//! Reading trees from directories, hostile ones among them: a clear error, in bounded time and memory.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::civil::date;
use rollbook::config::{Loaded, codes, find_root, load, not_included, parse};
use rollbook::model::{Diagnostic, SourceFile, Tree};
use rollbook::render::{DiagnosticStyle, diagnostics};

const ROOT: &str = "version: 1\nsite: https://acme.atlassian.net\n";

fn directory(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

fn loaded(dir: &Path) -> Loaded {
    load(dir, date(2026, 6, 1))
}

fn found(diagnostics: &[Diagnostic]) -> Vec<(&str, &str)> {
    diagnostics.iter().map(|d| (d.code, d.message.as_str())).collect()
}

#[test]
fn reads_what_is_included_and_the_lock() {
    let dir = directory(&[
        ("rollbook.yaml", ROOT.as_bytes()),
        ("rollbook.lock", b"version: 1\n"),
        ("users/a.yaml", b"users: {}\n"),
        ("users/deep/a.yaml", b"not read\n"),
        ("users/.hidden.yaml", b"not read\n"),
        ("users/notes.md", b"not read\n"),
        ("groups/b.yaml", b"\xef\xbb\xbfgroups:\r\n  sre:\r\n    members: []\r\n"),
        ("groups/x/y/a.yaml", b"groups: {}\n"),
        ("groups/.git/a.yaml", b"not read\n"),
    ]);
    let loaded = loaded(dir.path());
    assert_eq!(found(&loaded.diagnostics), []);
    let paths: Vec<&str> = loaded.tree.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        ["groups/b.yaml", "groups/x/y/a.yaml", "rollbook.lock", "rollbook.yaml", "users/a.yaml"]
    );
    assert_eq!(loaded.declaration.unwrap().groups.len(), 1);
    assert_eq!(find_root(&dir.path().join("groups/x")).unwrap(), dir.path());
    assert_eq!(find_root(Path::new("/")), None);
}

#[test]
fn crlf_does_not_move_a_column() {
    let text = "version: 1\r\nsite: https://acme.atlassian.net\r\ngrups: {}\r\nusers: { ä@acme.com: { aktive: true } }\r\n";
    let tree = Tree { files: vec![SourceFile { path: "rollbook.yaml".into(), text: text.into() }] };
    let parsed = parse(&tree, date(2026, 6, 1));
    let shown = diagnostics(&tree, &parsed.diagnostics, DiagnosticStyle::default());
    assert!(shown.contains("[rollbook.yaml:3:1]"), "{shown}");
    assert!(shown.contains("[rollbook.yaml:4:24]"), "{shown}");
    assert!(!shown.contains('\r') && !shown.contains("\\u{d}"), "{shown}");
}

#[cfg(unix)]
#[test]
fn no_link_is_followed() {
    use std::os::unix::fs::symlink;
    let outside = directory(&[("a.yaml", b"groups: {}\n")]);
    let dir = directory(&[("rollbook.yaml", ROOT.as_bytes()), ("groups/a.yaml", b"groups: {}\n")]);
    let at = |path: &str| dir.path().join(path);
    symlink(outside.path().join("a.yaml"), at("groups/outside.yaml")).unwrap();
    symlink(at("groups/a.yaml"), at("groups/inside.yaml")).unwrap();
    symlink(at("groups"), at("groups/loop")).unwrap();
    symlink("nowhere", at("groups/dangling.yaml")).unwrap();
    symlink("nowhere", at("groups/README.md")).unwrap();
    symlink(outside.path(), at("users")).unwrap();
    symlink(outside.path().join("a.yaml"), at("rollbook.lock")).unwrap();
    let loaded = loaded(dir.path());
    let messages: Vec<&str> = loaded.diagnostics.iter().map(|d| d.message.as_str()).collect();
    let links = [
        "groups/dangling.yaml",
        "groups/inside.yaml",
        "groups/loop",
        "groups/outside.yaml",
        "rollbook.lock",
        "users",
    ];
    assert_eq!(messages, links.map(|path| format!("{path} is a symbolic link")));
    assert!(loaded.diagnostics.iter().all(|d| d.code == codes::SYMBOLIC_LINK));
    assert!(loaded.declaration.is_none());
}

/// A repository with a tree in `sites/emea` that shares folders, and people in `people`.
fn sharing(share: &str, include: &str) -> tempfile::TempDir {
    let root = format!("{ROOT}share: {share}\ninclude: {include}\ngroups: {{}}\n");
    directory(&[
        (".git/HEAD", b"ref: refs/heads/main\n"),
        ("sites/emea/rollbook.yaml", root.as_bytes()),
        ("sites/emea/users/own.yaml", b"users: { own@acme.com: { active: true } }\n"),
        ("people/all.yaml", b"users: { ada@acme.com: { active: true } }\n"),
        ("people/deep/more.yaml", b"users: { bea@acme.com: { active: true } }\n"),
        ("people/.hidden.yaml", b"not read\n"),
        ("secret/all.yaml", b"users: { eve@acme.com: { active: true } }\n"),
    ])
}

#[test]
fn a_tree_shares_folders_of_its_repository() {
    let dir = sharing("[../../people]", "['**/*.yaml', ../../people/*.yaml]");
    let tree = dir.path().join("sites/emea");
    let loaded = loaded(&tree);
    assert_eq!(found(&loaded.diagnostics), []);
    let paths: Vec<&str> = loaded.tree.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["../../people/all.yaml", "rollbook.yaml", "users/own.yaml"]);
    let declared = loaded.declaration.unwrap();
    assert_eq!(declared.users.len(), 2);
    assert_eq!(declared.settings.share, ["../../people"]);
    // As anywhere, a typing mistake in a shared file is at its place.
    fs::write(dir.path().join("people/all.yaml"), "people: {}\n").unwrap();
    let loaded = self::loaded(&tree);
    let shown = diagnostics(&loaded.tree, &loaded.diagnostics, DiagnosticStyle::default());
    assert!(shown.contains("[../../people/all.yaml:1:1]"), "{shown}");
}

/// Neither a path nor a link nor a missing repository lets a tree read what is not reviewed with it.
#[test]
fn nothing_outside_of_the_repository_is_shared() {
    let dir = directory(&[("a.yaml", b"users: { eve@acme.com: { active: true } }\n")]);
    let refused = |tree: &Path, code: &str, says: &str| {
        let loaded = loaded(tree);
        let read: Vec<&str> = loaded.tree.files.iter().map(|file| file.path.as_str()).collect();
        assert!(!read.iter().any(|path| path.starts_with("../")), "{read:?}");
        let said = loaded.diagnostics.iter().any(|d| d.code == code && d.message.contains(says));
        assert!(said && loaded.declaration.is_none(), "{says}: {:?}", loaded.diagnostics);
    };
    let tree = |dir: &tempfile::TempDir| dir.path().join("sites/emea");
    let not_beside = "which is not a folder of the repository outside the tree's own";
    for share in ["../../../outside", "../emea/users", "../../sites/emea"] {
        let repository = sharing(&format!("[{share}]"), &format!("[{share}/*.yaml]"));
        refused(&tree(&repository), codes::BAD_INCLUDE, not_beside);
    }
    let repository = sharing("[../../people]", "[../../people/*.yaml]");
    fs::remove_dir_all(repository.path().join(".git")).unwrap();
    refused(&tree(&repository), codes::BAD_INCLUDE, "the tree is in no git repository");
    for include in
        ["../../secret/*.yaml", "../../people/../secret/*.yaml", "../../people*/*.yaml", "../../*.yaml"]
    {
        let repository = sharing("[../../people]", &format!("[{include}]"));
        refused(&tree(&repository), codes::BAD_INCLUDE, "cannot be included");
    }
    #[cfg(unix)]
    for (at, to) in [("people", dir.path().to_path_buf()), ("people/all.yaml", dir.path().join("a.yaml"))] {
        let repository = sharing("[../../people]", "[../../people/*.yaml]");
        let at = repository.path().join(at);
        if at.is_dir() {
            fs::remove_dir_all(&at).unwrap();
        } else {
            fs::remove_file(&at).unwrap();
        }
        std::os::unix::fs::symlink(to, &at).unwrap();
        refused(&tree(&repository), codes::SYMBOLIC_LINK, "is a symbolic link");
    }
}

#[cfg(unix)]
#[test]
fn neither_a_pipe_nor_a_socket_nor_a_folder_is_waited_for() {
    let dir =
        directory(&[("rollbook.yaml", ROOT.as_bytes()), ("groups/folder.yaml/a.yaml", b"groups: {}\n")]);
    let at = |path: &str| dir.path().join(path);
    assert!(std::process::Command::new("mkfifo").arg(at("groups/pipe.yaml")).status().unwrap().success());
    assert!(std::process::Command::new("mkfifo").arg(at("rollbook.lock")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(at("groups/socket.yaml")).unwrap();
    let loaded = loaded(dir.path());
    let messages = [
        "groups/folder.yaml cannot be read: it is not a file",
        "groups/pipe.yaml cannot be read: it is not a file",
        "groups/socket.yaml cannot be read: it is not a file",
        "rollbook.lock cannot be read: it is not a file",
    ];
    assert_eq!(found(&loaded.diagnostics), messages.map(|message| (codes::UNREADABLE, message)));
    assert!(loaded.declaration.is_none());
}

/// A link that comes after a look and before the file is opened is not followed, whichever part of the path it is.
#[cfg(unix)]
#[test]
fn no_link_is_followed_that_comes_in_between() {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};
    let outside = directory(&[("a.yaml", b"# outside\n")]);
    let dir = directory(&[
        ("rollbook.yaml", ROOT.as_bytes()),
        ("groups/a.yaml", b"groups: {}\n"),
        ("users/a.yaml", b"users: {}\n"),
    ]);
    let at = |path: &str| dir.path().join(path);
    symlink(outside.path().join("a.yaml"), at("link")).unwrap();
    symlink(outside.path(), at("folder-link")).unwrap();
    let done = AtomicBool::new(false);
    let swap = |one: &str, other: &str| {
        for (from, to) in [(one, "spare"), (other, one), (one, other), ("spare", one)] {
            fs::rename(at(from), at(to)).unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                swap("groups/a.yaml", "link");
                swap("users", "folder-link");
            }
        });
        let start = Instant::now();
        let mut read = 0;
        while start.elapsed() < Duration::from_secs(2) {
            let (tree, _) = rollbook::config::read_tree(dir.path());
            read += tree.files.iter().filter(|file| file.path != "rollbook.yaml").count();
            let stolen = tree.files.iter().find(|file| file.text.contains("outside"));
            if stolen.is_some() {
                done.store(true, Ordering::Relaxed);
            }
            assert_eq!(stolen.map(|file| &file.path), None, "what a link leads to was read");
        }
        done.store(true, Ordering::Relaxed);
        assert!(read > 0, "the files themselves are read in between");
    });
}

/// What `include` may never name.
#[test]
fn nothing_above_the_tree_is_included() {
    let dir = directory(&[
        ("above.yaml", b"groups: {}\n"),
        (
            "tree/rollbook.yaml",
            format!("{ROOT}include: [../above.yaml, groups/../../above.yaml, /etc/hosts.yaml]\n").as_bytes(),
        ),
    ]);
    let loaded = loaded(&dir.path().join("tree"));
    assert!(loaded.diagnostics.iter().all(|d| d.code == codes::BAD_INCLUDE), "{:?}", loaded.diagnostics);
    assert_eq!((loaded.diagnostics.len(), loaded.tree.files.len()), (3, 1));
}

#[test]
fn what_is_no_file_cannot_be_read() {
    let dir = directory(&[("rollbook.yaml/a", b"")]);
    let loaded = loaded(dir.path());
    assert_eq!(
        found(&loaded.diagnostics),
        [(codes::UNREADABLE, "rollbook.yaml cannot be read: it is not a file")]
    );
}

#[test]
fn one_unreadable_file_leaves_the_rest_and_makes_no_echoes() {
    let dir = directory(&[
        ("rollbook.yaml", ROOT.as_bytes()),
        ("groups/a.yaml", b"groups:\n  a: { members: [ { group: in-b } ], mod: exact }\n"),
        ("groups/b.yaml", b"groups:\n  in-b: { members: [\xff] }\n"),
    ]);
    let loaded = loaded(dir.path());
    assert_eq!(
        found(&loaded.diagnostics),
        [
            (codes::UNKNOWN_KEY, "unknown key `mod` in a group"),
            (codes::NOT_TEXT, "groups/b.yaml is not UTF-8 text: see line 2"),
        ]
    );
}

#[test]
fn too_large_a_file_is_not_read() {
    let dir = directory(&[("rollbook.yaml", ROOT.as_bytes()), ("groups/a.yaml", b"")]);
    fs::File::options()
        .write(true)
        .open(dir.path().join("groups/a.yaml"))
        .unwrap()
        .set_len(33 << 20)
        .unwrap();
    let loaded = loaded(dir.path());
    assert_eq!(found(&loaded.diagnostics), [(codes::TOO_LARGE, "groups/a.yaml is larger than 32 MiB")]);
}

/// The codes that are found, and that they came soon: these run unoptimized on busy machines.
fn codes_of(what: &str, text: String) -> Vec<&'static str> {
    let start = Instant::now();
    let tree = Tree { files: vec![SourceFile { path: "rollbook.yaml".into(), text }] };
    let parsed = parse(&tree, date(2026, 6, 1));
    let shown = diagnostics(&tree, &parsed.diagnostics, DiagnosticStyle::default());
    assert!(start.elapsed() < Duration::from_secs(60), "{what} took {:?}", start.elapsed());
    assert!(shown.len() < 4_000_000, "{what} prints {} bytes", shown.len());
    parsed.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn hostile_input_ends_in_a_clear_error() {
    let bomb = (1..40)
        .map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{}, ", n - 1).repeat(9)))
        .collect::<Vec<_>>()
        .concat();
    let table = [
        (
            "a huge name",
            format!("{ROOT}groups:\n  a: {{ description: \"{}\" }}\n", "x".repeat(10 << 20)),
            "missing-key",
        ),
        ("a huge key", format!("{ROOT}{}: 1\n", "k".repeat(10 << 20)), codes::INVALID_YAML),
        ("a huge value", format!("{ROOT}operator: {}\n", "x".repeat(10 << 20)), codes::BAD_EMAIL),
        ("deep lists", format!("{ROOT}include: {}", "[".repeat(10_000)), codes::TOO_DEEP),
        ("deep mappings", format!("{ROOT}include: {}", "{a: ".repeat(10_000)), codes::TOO_DEEP),
        (
            "deep indentation",
            (0..2000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<Vec<_>>().concat(),
            codes::TOO_DEEP,
        ),
        ("deep dashes", format!("{ROOT}include:\n  {}", "- ".repeat(10_000)), codes::TOO_DEEP),
        ("an alias bomb", format!("{ROOT}a0: &a0 x\n{bomb}"), codes::UNKNOWN_KEY),
        ("many documents", format!("{ROOT}{}", "---\n".repeat(200_000)), codes::SECOND_DOCUMENT),
        (
            "many mistakes",
            format!("{ROOT}{}", (0..5000).map(|n| format!("k{n}: 1\n")).collect::<Vec<_>>().concat()),
            "unknown-key",
        ),
        ("only brackets", "]".repeat(100_000), codes::INVALID_YAML),
        ("only quotes", "\"".repeat(100_001), codes::INVALID_YAML),
        ("only question marks", "? ".repeat(50_000), codes::TOO_DEEP),
        ("only colons", ": ".repeat(50_000), codes::NULL_VALUE),
        ("only tabs", "\t".repeat(100_000), codes::EMPTY_FILE),
        ("controls", "\u{1b}[2J\u{7}".repeat(10_000), codes::HIDDEN_CHARACTER),
    ];
    for (what, text, code) in table {
        let found = codes_of(what, text);
        assert!(found.contains(&code), "{what}: {found:?}");
    }
}

#[test]
fn too_many_mistakes_are_counted() {
    let groups = (0..3000).map(|n| format!("  g{n}: {{}}\n")).collect::<Vec<_>>().concat();
    let dir = directory(&[
        ("rollbook.yaml", ROOT.as_bytes()),
        ("groups/a.yaml", format!("groups:\n{groups}").as_bytes()),
    ]);
    let loaded = loaded(dir.path());
    assert_eq!(loaded.diagnostics.len(), 1001);
    let last = loaded.diagnostics.last().unwrap();
    assert_eq!((last.code, last.message.as_str()), (codes::TOO_MANY, "2000 further problems are not shown"));
}

/// What is next to a tree is looked at like the tree: bounded, and through no link.
#[cfg(unix)]
#[test]
fn what_is_beside_the_tree_is_looked_at_with_care() {
    use std::os::unix::fs::symlink;
    let dir = directory(&[
        ("rollbook.yaml", ROOT.as_bytes()),
        ("groups/a.yaml", b"groups: {}\n"),
        ("beside/large.yaml", b""),
        ("beside/latin-1.yaml", b"groups: { \xe9: {} }\n"),
        ("beside/new.yml", b"groups: {}\n"),
    ]);
    let at = |path: &str| dir.path().join(path);
    fs::File::options().write(true).open(at("beside/large.yaml")).unwrap().set_len(33 << 20).unwrap();
    symlink(at("beside/new.yml"), at("beside/link.yaml")).unwrap();
    symlink(at("groups"), at("linked")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("beside/pipe.yaml")).status().unwrap().success());
    let tree = loaded(dir.path()).tree;
    let messages = [
        "beside/large.yaml is too large to check",
        "beside/latin-1.yaml is not UTF-8 text",
        "beside/new.yml declares users or groups, and no pattern of `include` matches it",
    ];
    assert_eq!(
        found(&not_included(dir.path(), &tree)),
        messages.map(|message| (codes::NOT_INCLUDED, message))
    );
}
