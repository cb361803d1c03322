//! The branch, from its oldest commit to its newest: when each membership and grant began and ended, by which commit, and by which
//! merge that came.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{Address, Commit, GroupName, Revisions, Stretch, Turn, UserRef};

use super::state::{Change, Delta, Held, in_group, of_user};

/// What is declared at an address, and the stretch that it is in: none once `until` is past.
struct Declared {
    held: Held,
    stretch: Option<usize>,
}

/// What happens to something declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Gained,
    Changed,
    Lost,
}

impl What {
    /// What a commit does that a change of it shows.
    fn is_in(self, change: &Change) -> bool {
        match (self, change) {
            (Self::Gained, Change::Declared { is_new, .. }) => *is_new,
            (Self::Changed, Change::Declared { .. }) | (Self::Lost, Change::Lost) => true,
            (Self::Gained | Self::Changed, Change::Lost) | (Self::Lost, Change::Declared { .. }) => false,
        }
    }
}

struct Branch<'a> {
    revisions: &'a Revisions,
    parents: &'a [Vec<Option<usize>>],
    deltas: &'a [Delta],
    /// The commits that the branch itself was at.
    line: BTreeSet<usize>,
    declared: BTreeMap<Address, Declared>,
    ends: BTreeSet<(Date, Address)>,
    stretches: Vec<Stretch>,
}

/// The stretches of a branch, ordered by address, the oldest of each first. `parents` and `deltas` are of each commit.
pub(super) fn stretches(
    revisions: &Revisions,
    parents: &[Vec<Option<usize>>],
    deltas: &[Delta],
) -> Vec<Stretch> {
    let first = |at: &usize| parents[*at].first().copied().flatten();
    let line = std::iter::successors(revisions.commits.len().checked_sub(1), first).collect();
    let mut branch = Branch {
        revisions,
        parents,
        deltas,
        line,
        declared: BTreeMap::new(),
        ends: BTreeSet::new(),
        stretches: Vec::new(),
    };
    for at in branch.line.clone() {
        branch.advance(at);
    }
    let mut stretches = branch.stretches;
    stretches.sort_by(|a, b| a.address.cmp(&b.address));
    stretches
}

impl<'a> Branch<'a> {
    fn commit(&self, at: usize) -> &'a Commit {
        &self.revisions.commits[at]
    }

    /// Goes on to a commit of the branch.
    fn advance(&mut self, at: usize) {
        let day = self.commit(at).day();
        self.end_until(day);
        let deltas = self.deltas;
        let delta = &deltas[at];
        self.rename(delta);
        for (key, change) in &delta.changes {
            match change {
                Change::Lost => {
                    let lost = self.declared.remove(key);
                    if let Some(stretch) = lost.and_then(|lost| lost.stretch) {
                        self.stretches[stretch].to = Some(self.turn(at, key, What::Lost));
                    }
                }
                Change::Declared { held, .. } => self.declare(at, key, held),
            }
        }
    }

    /// Ends the stretches whose `until` has come by a day.
    fn end_until(&mut self, day: Date) {
        while self.ends.first().is_some_and(|(until, _)| *until <= day) {
            let Some((until, key)) = self.ends.pop_first() else { return };
            if let Some(declared) = self.declared.get_mut(&key).filter(|it| it.held.until == Some(until)) {
                declared.stretch = None;
            }
        }
    }

    /// Gives everything so far the names that a commit has for groups and users.
    fn rename(&mut self, delta: &Delta) {
        if delta.groups.is_empty() && delta.renamed.is_empty() {
            return;
        }
        let users: BTreeMap<&UserRef, &UserRef> =
            delta.renamed.iter().filter_map(|(now, was)| Some((was.user()?, now.user()?))).collect();
        let groups: BTreeMap<&GroupName, &GroupName> =
            delta.groups.iter().map(|(now, was)| (was, now)).collect();
        for stretch in &mut self.stretches {
            if let Some(now) = stretch.address.group().and_then(|was| groups.get(was)) {
                stretch.address = in_group(&stretch.address, now);
            }
            if let Some(now) = stretch.address.user().and_then(|was| users.get(was)) {
                stretch.address = of_user(&stretch.address, now);
            }
        }
        let in_groups = self.declared.keys().filter_map(|was| {
            let now = groups.get(was.group()?)?;
            Some((in_group(was, now), was.clone()))
        });
        let renamed: Vec<(Address, Address)> = in_groups.collect();
        let users = delta.renamed.iter().map(|(now, was)| (now.clone(), was.clone()));
        for (now, was) in renamed.into_iter().chain(users) {
            let Some(declared) = self.declared.remove(&was) else { continue };
            if let Some(until) = declared.held.until {
                self.ends.insert((until, now.clone()));
            }
            self.declared.insert(now, declared);
        }
    }

    fn declare(&mut self, at: usize, key: &Address, held: &Held) {
        let holds = held.until.is_none_or(|until| until > self.commit(at).day());
        let known = self.declared.get(key);
        let stretch = match known.and_then(|known| known.stretch) {
            Some(stretch) if holds => Some(stretch),
            Some(stretch) => {
                self.stretches[stretch].to = Some(self.turn(at, key, What::Changed));
                None
            }
            None if holds => {
                let what = if known.is_some() { What::Changed } else { What::Gained };
                let from = Some(self.turn(at, key, what))
                    .filter(|turn| turn.commit.is_some() || turn.merge.is_some());
                let address = key.clone();
                self.stretches.push(Stretch { address, until: None, because: None, from, to: None });
                Some(self.stretches.len() - 1)
            }
            None => None,
        };
        if let Some(stretch) = stretch {
            self.stretches[stretch].until = held.until;
            self.stretches[stretch].because.clone_from(&held.because);
        }
        if let Some(until) = held.until {
            self.ends.insert((until, key.clone()));
        }
        self.declared.insert(key.clone(), Declared { held: held.clone(), stretch });
    }

    /// What wrote a change that a commit of the branch brought.
    fn turn(&self, at: usize, key: &Address, what: What) -> Turn {
        let mut path = vec![at];
        let mut key = key.clone();
        let mut written = at;
        while let Some((source, named)) = self.source(written, &key, what) {
            written = source;
            key = named;
            path.push(source);
        }
        let commit = self.commit(written);
        // Of a commit without its parents nobody knows what it changed.
        let is_here = !self.revisions.cut.contains(&commit.id);
        Turn {
            commit: is_here.then(|| commit.id.clone()),
            date: self.commit(at).date,
            author: is_here.then(|| commit.author.clone()),
            merge: (written != at).then(|| self.commit(at).id.clone()),
            pull_request: path.iter().find_map(|at| pull_request(&self.commit(*at).message)),
        }
    }

    /// The commit that a merge has a change from.
    fn source(&self, merge: usize, key: &Address, what: What) -> Option<(usize, Address)> {
        let mut others = self.parents[merge].iter().skip(1).copied().flatten();
        others.find_map(|parent| self.mention(parent, key, what))
    }

    /// The commit that made a change last, from one back to the branch; `None` if another change came later.
    fn mention(&self, from: usize, key: &Address, what: What) -> Option<(usize, Address)> {
        let mut key = key.clone();
        let mut at = Some(from);
        while let Some(commit) = at.filter(|at| !self.line.contains(at)) {
            let delta = &self.deltas[commit];
            match delta.changes.get(&key) {
                Some(change) if what.is_in(change) => return Some((commit, key)),
                Some(Change::Declared { .. }) if what == What::Gained => {}
                Some(_) => return None,
                None => {}
            }
            if let Some(was) = delta.renamed.get(&key) {
                key = was.clone();
            }
            if let Some(was) = key.group().and_then(|name| delta.groups.get(name)) {
                key = in_group(&key, was);
            }
            at = self.parents[commit].first().copied().flatten();
        }
        None
    }
}

/// The number of the pull request that a message names: that of a merge of GitHub, GitLab, Bitbucket or Azure DevOps, or of
/// a commit that GitHub squashed.
fn pull_request(message: &str) -> Option<u64> {
    let subject = message.lines().next().unwrap_or_default().trim_end();
    let leading = |text: &str| {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text[..digits].parse::<u64>().ok()
    };
    let starts = ["Merge pull request #", "Pull request #", "Merged PR "];
    let started = starts.iter().find_map(|start| leading(subject.strip_prefix(start)?));
    let ends = ["(pull request #", "(#"];
    let ended = || {
        let inner = subject.strip_suffix(')')?;
        let whole = |text: &str| text.parse::<u64>().ok();
        ends.iter().find_map(|end| whole(inner.rsplit_once(end)?.1))
    };
    let of_gitlab = || {
        let line = message.lines().find_map(|line| line.trim().strip_prefix("See merge request "))?;
        line.rsplit_once('!')?.1.parse().ok()
    };
    started.or_else(ended).or_else(of_gitlab)
}

#[cfg(test)]
mod tests {
    use super::pull_request;

    #[test]
    fn a_message_names_its_pull_request() {
        let table = [
            ("Merge pull request #12 from acme/ada\n\nGrant it", Some(12)),
            ("Merge branch 'ada' into 'main'\n\nGrant it\n\nSee merge request acme/access!5", Some(5)),
            ("Merge branch 'ada' into 'main'\n\nSee merge request !7\n", Some(7)),
            ("Merged in ada (pull request #31)\n\nGrant it", Some(31)),
            ("Pull request #8: Grant it", Some(8)),
            ("Merged PR 77: Grant it", Some(77)),
            ("Grant it (#9)", Some(9)),
            ("Revert \"Grant it (#9)\" (#10)", Some(10)),
            ("Revert \"Grant it (#9)\"", None),
            ("Grant it, as in #9", None),
            ("Grant it\n\nSee (#9)", None),
            ("Merge branch 'ada'", None),
            ("", None),
        ];
        for (message, number) in table {
            assert_eq!(pull_request(message), number, "{message}");
        }
    }
}
