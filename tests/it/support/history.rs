//! Repositories whose history is known: a seed makes the commits, and the truth of every membership is carried along while
//! they are made, from each state to the next, and never read from git.
//!
//! Files hold several groups. Commits add and remove members, sort, shuffle, re-indent and quote them, move groups within
//! and between files, rename groups that have an id, move files, revert, and come by pull requests that are merged or
//! squashed, and by a `git pull` that swaps the parents of a merge.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use fastrand::Rng;

/// How much is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) files: usize,
    pub(crate) groups_per_file: usize,
    pub(crate) members: usize,
    pub(crate) commits: usize,
}

/// A stretch as it is known. Commits have their full ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Known {
    pub(crate) group: String,
    pub(crate) user: String,
    pub(crate) from: KnownTurn,
    pub(crate) to: Option<KnownTurn>,
}

/// The commit that wrote a change, and the one that brought it onto the branch where that is another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KnownTurn {
    pub(crate) commit: String,
    pub(crate) author: String,
    pub(crate) merge: Option<String>,
    pub(crate) pull_request: Option<u64>,
}

type Mark = usize;
/// A group by its number, and a user.
type Key = (usize, usize);

#[derive(Clone)]
struct Group {
    number: usize,
    name: String,
    members: Vec<usize>,
    has_id: bool,
}

#[derive(Clone)]
struct File {
    path: String,
    groups: Vec<Group>,
    indent: usize,
    quoted: bool,
    remark: usize,
}

#[derive(Clone)]
struct State {
    files: Vec<File>,
    /// The commit that wrote each membership that is there, and each removal.
    born: BTreeMap<Key, Mark>,
    died: BTreeMap<Key, Mark>,
}

struct Commit {
    parents: Vec<Mark>,
    pull_request: Option<u64>,
    state: State,
    renders: BTreeMap<String, String>,
}

struct Maker {
    rng: Rng,
    users: usize,
    commits: Vec<Commit>,
    stream: Vec<u8>,
    pull_requests: u64,
    names: usize,
}

/// Makes a repository in a folder, whose branch is `main`, and gives every stretch of it, ordered.
pub(crate) fn make(folder: &Path, size: Size, seed: u64) -> Vec<Known> {
    let users = size.members * 4;
    let mut maker = Maker {
        rng: Rng::with_seed(seed),
        users,
        commits: Vec::new(),
        stream: Vec::new(),
        pull_requests: 0,
        names: 0,
    };
    let mut tip = maker.first(size);
    while maker.commits.len() < size.commits {
        tip = match maker.rng.u8(0..100) {
            0..45 => maker.direct(tip, &BTreeSet::new()),
            45..55 => maker.squashed(tip),
            55..85 => maker.pull_request(tip),
            85..92 => maker.reverted(tip),
            _ => maker.swapped(tip),
        };
    }
    let ids = maker.import(folder, tip);
    maker.truth(tip, &ids)
}

fn render(file: &File) -> String {
    if file.groups.is_empty() {
        return format!("# remark {}\ngroups: {{}}\n", file.remark);
    }
    let mut text = format!("# remark {}\ngroups:\n", file.remark);
    let step = " ".repeat(file.indent);
    for group in &file.groups {
        let _ = writeln!(text, "{step}{}:", group.name);
        if group.has_id {
            let _ = writeln!(text, "{step}{step}id: 0000{:04}-1111-2222-3333-444455556666", group.number);
        }
        if group.members.is_empty() {
            let _ = writeln!(text, "{step}{step}members: []");
            continue;
        }
        let _ = writeln!(text, "{step}{step}members:");
        for member in &group.members {
            let quote = if file.quoted { "\"" } else { "" };
            let _ = writeln!(text, "{step}{step}{step}- {quote}{}{quote}", email(*member));
        }
    }
    text
}

fn email(user: usize) -> String {
    format!("user{user:04}@acme.com")
}

fn author(mark: Mark) -> String {
    format!("Author {mark} <author{mark}@acme.com>")
}

impl Maker {
    fn first(&mut self, size: Size) -> Mark {
        let mut files = Vec::new();
        for file in 0..size.files {
            let groups = (0..size.groups_per_file).map(|index| {
                let number = file * size.groups_per_file + index;
                let mut all: Vec<usize> = (0..self.users).collect();
                self.rng.shuffle(&mut all);
                all.truncate(size.members);
                Group {
                    number,
                    name: format!("team-{number:03}"),
                    members: all,
                    has_id: number.is_multiple_of(3),
                }
            });
            let groups = groups.collect();
            files.push(File {
                path: format!("groups/f{file:02}.yaml"),
                groups,
                indent: 2,
                quoted: false,
                remark: 0,
            });
        }
        let state = State { files, born: BTreeMap::new(), died: BTreeMap::new() };
        self.commit(vec![], state, "first", None)
    }

    /// Notes which memberships differ from the first parent's, with this commit as what wrote them, and writes the commit.
    fn commit(
        &mut self,
        parents: Vec<Mark>,
        mut state: State,
        message: &str,
        pull_request: Option<u64>,
    ) -> Mark {
        let mark = self.commits.len();
        if parents.len() < 2 {
            let before = parents.first().map(|parent| keys(&self.commits[*parent].state)).unwrap_or_default();
            let now = keys(&state);
            for key in now.difference(&before) {
                state.born.insert(*key, mark);
            }
            for key in before.difference(&now) {
                state.died.insert(*key, mark);
            }
        }
        let renders: BTreeMap<String, String> =
            state.files.iter().map(|file| (file.path.clone(), render(file))).collect();
        let none = BTreeMap::new();
        let before = parents.first().map_or(&none, |parent| &self.commits[*parent].renders);
        let mut out = format!(
            "commit refs/heads/main\nmark :{}\nauthor {} {} +0000\ncommitter Merger <merger@acme.com> {} +0000\ndata {}\n{message}\n",
            mark + 1,
            author(mark),
            1_700_000_000 + mark * 1000 - 500,
            1_700_000_000 + mark * 1000,
            message.len(),
        );
        for (index, parent) in parents.iter().enumerate() {
            let _ = writeln!(out, "{} :{}", if index == 0 { "from" } else { "merge" }, parent + 1);
        }
        if parents.is_empty() {
            let root = "version: 1\nsite: https://acme.atlassian.net\ninclude: [\"groups/**/*.yaml\"]\n";
            let _ = write!(out, "M 100644 inline rollbook.yaml\ndata {}\n{root}\n", root.len());
        }
        for path in before.keys().filter(|path| !renders.contains_key(*path)) {
            let _ = writeln!(out, "D {path}");
        }
        for (path, text) in renders.iter().filter(|(path, text)| before.get(*path) != Some(text)) {
            let _ = write!(out, "M 100644 inline {path}\ndata {}\n{text}\n", text.len());
        }
        self.stream.extend(out.as_bytes());
        self.commits.push(Commit { parents, pull_request, state, renders });
        mark
    }

    fn direct(&mut self, tip: Mark, locked: &BTreeSet<usize>) -> Mark {
        let mut state = self.commits[tip].state.clone();
        self.edit(&mut state, locked);
        self.commit(vec![tip], state, "Edit", None)
    }

    fn squashed(&mut self, tip: Mark) -> Mark {
        self.pull_requests += 1;
        let number = self.pull_requests;
        let mut state = self.commits[tip].state.clone();
        for _ in 0..self.rng.usize(1..4) {
            self.edit(&mut state, &BTreeSet::new());
        }
        self.commit(vec![tip], state, &format!("Edit (#{number})"), Some(number))
    }

    /// Puts the tree back to what it was two commits before.
    fn reverted(&mut self, tip: Mark) -> Mark {
        let Some(parent) = self.commits[tip].parents.first().copied() else { return tip };
        let mut state = self.commits[tip].state.clone();
        state.files.clone_from(&self.commits[parent].state.files);
        self.commit(vec![tip], state, "Revert \"Edit (#1)\"", None)
    }

    /// A branch of some commits, and what the branch that it began at got meanwhile, in other files: both tips.
    fn parted(&mut self, tip: Mark) -> (Mark, Mark) {
        let mut locked = BTreeSet::new();
        let mut branch = tip;
        for _ in 0..self.rng.usize(1..4) {
            let mut state = self.commits[branch].state.clone();
            let touched = self.edit(&mut state, &BTreeSet::new());
            locked.extend(touched);
            branch = self.commit(vec![branch], state, "Work", None);
        }
        let mut main = tip;
        for _ in 0..self.rng.usize(0..3) {
            main = self.direct(main, &locked);
        }
        (branch, main)
    }

    /// What `one` has, with what `other` has changed since `base`.
    fn merged(&self, base: Mark, one: Mark, other: Mark) -> State {
        let (base, other) = (&self.commits[base].state, &self.commits[other].state);
        let mut state = self.commits[one].state.clone();
        for (index, file) in other.files.iter().enumerate() {
            let was = &base.files[index];
            if render(was) != render(file) || was.path != file.path {
                state.files[index] = file.clone();
            }
        }
        let now = keys(&state);
        for (key, mark) in &other.born {
            if base.born.get(key) != Some(mark) && now.contains(key) {
                state.born.insert(*key, *mark);
            }
        }
        for (key, mark) in &other.died {
            if base.died.get(key) != Some(mark) && !now.contains(key) {
                state.died.insert(*key, *mark);
            }
        }
        state
    }

    fn pull_request(&mut self, tip: Mark) -> Mark {
        let (branch, main) = self.parted(tip);
        self.pull_requests += 1;
        let number = self.pull_requests;
        let state = self.merged(tip, main, branch);
        self.commit(
            vec![main, branch],
            state,
            &format!("Merge pull request #{number} from acme/b"),
            Some(number),
        )
    }

    /// Somebody commits, pulls and pushes: the branch's own commits become the other parent.
    fn swapped(&mut self, tip: Mark) -> Mark {
        let (local, main) = self.parted(tip);
        if main == tip {
            return local;
        }
        let state = self.merged(tip, local, main);
        self.commit(vec![local, main], state, "Merge branch 'main' of example.com:acme/access", None)
    }

    /// Changes something, and gives the files that it touched.
    fn edit(&mut self, state: &mut State, locked: &BTreeSet<usize>) -> Vec<usize> {
        let free: Vec<usize> = (0..state.files.len()).filter(|file| !locked.contains(file)).collect();
        let Some(&at) = free.get(self.rng.usize(0..free.len().max(1))) else { return Vec::new() };
        let users = self.users;
        let file = &mut state.files[at];
        let rng = &mut self.rng;
        let some = |rng: &mut Rng, file: &File| rng.usize(0..file.groups.len().max(1)).min(file.groups.len());
        let group = some(rng, file);
        match rng.u8(0..100) {
            0..35 => {
                if let Some(group) = file.groups.get_mut(group) {
                    let user = rng.usize(0..users);
                    if !group.members.contains(&user) {
                        group.members.insert(rng.usize(0..=group.members.len()), user);
                    }
                }
            }
            35..60 => {
                if let Some(group) = file.groups.get_mut(group).filter(|group| !group.members.is_empty()) {
                    group.members.remove(rng.usize(0..group.members.len()));
                }
            }
            60..66 => file.groups.iter_mut().for_each(|group| group.members.sort_unstable()),
            66..70 => file.groups.iter_mut().for_each(|group| rng.shuffle(&mut group.members)),
            70..75 => file.indent = 6 - file.indent,
            75..78 => file.quoted = !file.quoted,
            78..83 => rng.shuffle(&mut file.groups),
            83..89 => {
                let other = free[rng.usize(0..free.len())];
                if other != at && group < state.files[at].groups.len() {
                    let moved = state.files[at].groups.remove(group);
                    state.files[other].groups.push(moved);
                    return vec![at, other];
                }
            }
            89..93 => {
                self.names += 1;
                file.path = format!("groups/moved/f{at:02}-{}.yaml", self.names);
            }
            93..96 => {
                self.names += 1;
                let name = format!("team-{:03}-{}", group, self.names);
                if let Some(group) = file.groups.get_mut(group).filter(|group| group.has_id) {
                    group.name = name;
                }
            }
            _ => file.remark += 1,
        }
        vec![at]
    }

    /// Has git make the commits, and gives their ids.
    fn import(&mut self, folder: &Path, tip: Mark) -> Vec<String> {
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(folder).args(arguments);
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
            command
        };
        assert!(git(&["init", "--quiet", "-b", "main"]).status().unwrap().success());
        let mut import = git(&["fast-import", "--quiet", "--force", "--export-marks=.git/marks"]);
        let mut import = import.stdin(Stdio::piped()).spawn().unwrap();
        let _ = writeln!(self.stream, "reset refs/heads/main\nfrom :{}\n", tip + 1);
        import.stdin.take().unwrap().write_all(&self.stream).unwrap();
        assert!(import.wait().unwrap().success());
        assert!(git(&["reset", "--quiet", "--hard", "main"]).status().unwrap().success());
        let marks = std::fs::read_to_string(folder.join(".git/marks")).unwrap();
        let mut ids = vec![String::new(); self.commits.len()];
        for (mark, id) in marks.lines().filter_map(|line| line.strip_prefix(':')?.split_once(' ')) {
            id.clone_into(&mut ids[mark.parse::<usize>().unwrap() - 1]);
        }
        ids
    }

    fn truth(&self, tip: Mark, ids: &[String]) -> Vec<Known> {
        let mut line: Vec<Mark> =
            std::iter::successors(Some(tip), |mark| self.commits[*mark].parents.first().copied()).collect();
        line.reverse();
        let mut open: BTreeMap<Key, KnownTurn> = BTreeMap::new();
        let mut stretches: Vec<(Key, KnownTurn, Option<KnownTurn>)> = Vec::new();
        let mut before = BTreeSet::new();
        for mark in line {
            let commit = &self.commits[mark];
            let now = keys(&commit.state);
            let turn = |written: Mark| KnownTurn {
                commit: ids[written].clone(),
                author: author(written),
                merge: (written != mark).then(|| ids[mark].clone()),
                // A swapped merge names none: what came by it may name its own.
                pull_request: commit.pull_request.or(self.commits[written].pull_request),
            };
            for key in before.difference(&now) {
                let from = open.remove(key).unwrap();
                stretches.push((*key, from, Some(turn(commit.state.died[key]))));
            }
            for key in now.difference(&before) {
                open.insert(*key, turn(commit.state.born[key]));
            }
            before = now;
        }
        stretches.extend(open.into_iter().map(|(key, from)| (key, from, None)));
        let names = self.names(tip);
        let known = |((group, user), from, to): (Key, KnownTurn, Option<KnownTurn>)| Known {
            group: names[&group].clone(),
            user: email(user),
            from,
            to,
        };
        let mut known: Vec<Known> = stretches.into_iter().map(known).collect();
        known.sort();
        known
    }

    fn names(&self, tip: Mark) -> BTreeMap<usize, String> {
        let groups = self.commits[tip].state.files.iter().flat_map(|file| &file.groups);
        groups.map(|group| (group.number, group.name.clone())).collect()
    }
}

fn keys(state: &State) -> BTreeSet<Key> {
    let groups = state.files.iter().flat_map(|file| &file.groups);
    groups.flat_map(|group| group.members.iter().map(|user| (group.number, *user))).collect()
}
