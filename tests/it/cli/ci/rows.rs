//! The walks that the page `docs/ci-walks.md` shows: what people and platforms do, until the run that a row is about.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rollbook::platform::Kind;
use rollbook::sandbox::Change;

use super::machine::{Event, How, KINDS, Machine, Ran, SETTLED, Variables};
use crate::cli::base::git;

/// A walk, and the platforms on which it has a meaning.
pub(super) struct Walk {
    pub(super) name: &'static str,
    pub(super) on: &'static [Kind],
    /// Creates a machine whose site matches the first commit.
    pub(super) begin: fn(Kind) -> Machine,
    pub(super) take: fn(&Machine) -> Taken,
}

/// What a walk came to: its last run, and the pull request whose comment it is about.
pub(super) type Taken = (Ran, Option<u64>);

const FOUR: [&str; 4] = ["ada", "bruno", "chen", "erik"];

const GITHUB: &[Kind] = &[Kind::GitHub];
const GITLAB: &[Kind] = &[Kind::GitLab];
const STORED_INSIDE: &[Kind] = &[Kind::GitLab, Kind::Bitbucket];

fn settled(kind: Kind) -> Machine {
    Machine::new(kind).applied_from_the_first()
}

const fn walk(name: &'static str, take: fn(&Machine) -> Taken) -> Walk {
    Walk { name, on: &KINDS, begin: settled, take }
}

const fn walk_on(on: &'static [Kind], name: &'static str, take: fn(&Machine) -> Taken) -> Walk {
    Walk { name, on, begin: settled, take }
}

/// Walks that end with the plan of a pull request.
pub(super) const PLANS: &[Walk] = &[
    walk("a pull request is opened", |it| planned(it, four(it, "bruno"))),
    walk("it changes nothing", |it| planned(it, it.propose("same", "developers", &SETTLED, "bruno"))),
    walk("its tree is not valid", |it| {
        it.checkout(&["-B", "broken"]);
        it.write("groups/developers.yaml", "groups: [\n");
        it.commit("Break it", "bruno");
        it.push("broken", "bruno");
        planned(it, it.open("broken", "main", "bruno"))
    }),
    walk("its branch is behind", |it| {
        let behind = it.propose("support", "support", &["chen", "erik"], "bruno");
        it.merge(four(it, "ada"), How::Merge);
        applied(it);
        planned(it, behind)
    }),
    walk("its author grants themselves", |it| planned(it, own_grant(it))),
    walk("somebody else pushes to it for themselves", |it| {
        let pull = four(it, "chen");
        it.members("support", &["bruno", "chen"]);
        it.commit("In Chen's name", "chen");
        it.push("chen", "bruno");
        planned(it, pull)
    }),
    walk("its author is not known", |it| {
        planned(it, it.propose("zoe", "support", &["bruno", "chen"], "zoe"))
    }),
    walk(
        "somebody else pushes to what was merged into its branch, for themselves and in its author's name",
        |it| {
            it.checkout(&["-B", "outer"]);
            it.members("developers", &FOUR);
            it.commit("Change developers", "chen");
            let outer = it.open_known("outer", "main", "chen", "chen");
            it.checkout(&["-B", "inner"]);
            it.members("support", &["bruno", "chen"]);
            it.commit("In Chen's name", "chen");
            it.merge(it.open_known("inner", "outer", "chen", "bruno"), How::Squash("Tidy up"));
            planned(it, outer)
        },
    ),
    walk(
        "its branch was pushed by somebody else under another name, for themselves and in its author's name",
        |it| {
            it.checkout(&["-B", "before"]);
            it.members("support", &["bruno", "chen"]);
            it.commit("In Chen's name", "chen");
            it.push("before", "bruno");
            it.delete_branch("before");
            it.checkout(&["-B", "after"]);
            it.push("after", "chen");
            planned(it, it.open("after", "main", "chen"))
        },
    ),
    walk("its commits were pushed before it was opened, and never since", |it| {
        it.checkout(&["-B", "chen"]);
        it.members("developers", &FOUR);
        it.commit("Change developers", "bruno");
        it.push("chen", "bruno");
        planned(it, it.open("chen", "main", "bruno"))
    }),
    walk("its branch is force-pushed without its earlier commits", |it| {
        let pull = own_grant(it);
        it.run(Event::Pull(pull));
        it.checkout(&["-B", "mine", "main"]);
        it.members("developers", &FOUR);
        it.commit("Something else", "bruno");
        it.push("mine", "bruno");
        planned(it, pull)
    }),
    walk_on(&[Kind::GitHub, Kind::GitLab], "it comes from a fork", |it| {
        if it.kind == Kind::GitHub {
            it.snapshot();
        }
        let pull = four(it, "zoe");
        it.hub.edit(|state| state.pulls.iter_mut().find(|it| it.number == pull).unwrap().fork = true);
        planned(it, pull)
    }),
    walk_on(GITHUB, "Dependabot opens it", |it| {
        it.snapshot();
        planned(it, four(it, "dependabot[bot]"))
    }),
    walk("a second one of its commit, into another branch, is planned", |it| {
        let pull = own_grant(it);
        it.run(Event::Pull(pull));
        it.checkout(&["-B", "aside", "main"]);
        it.push("aside", "bruno");
        let aside = it.open("mine", "aside", "bruno");
        let (clone, variables) = it.start(Event::Pull(aside), None);
        let ran = it.run_in(Event::Pull(aside), &clone, &variables);
        let ran = if it.kind == Kind::GitHub { it.comment_on(aside, &ran) } else { ran };
        (ran, Some(pull))
    }),
    walk("its base becomes the default branch", |it| {
        let pull = four(it, "bruno");
        let target = |to: &str| {
            it.hub.edit(|state| {
                state.pulls.iter_mut().find(|it| it.number == pull).unwrap().target = to.into();
            });
        };
        it.checkout(&["-B", "aside", "main"]);
        it.push("aside", "bruno");
        target("aside");
        assert_eq!(it.run(Event::Pull(pull)).code, 4);
        assert_eq!(it.hub.comments(pull), [""; 0]);
        target("main");
        planned(it, pull)
    }),
    walk("two pipelines at once plan it", |it| {
        it.hub.edit(|state| state.twins = 1);
        planned(it, four(it, "bruno"))
    }),
    walk("a slower plan of an older commit ends last", |it| {
        let pull = four(it, "bruno");
        let (clone, variables) = it.start(Event::Pull(pull), None);
        it.members("developers", &["ada", "bruno"]);
        it.commit("Without Erik", "bruno");
        it.push("chen", "bruno");
        it.run(Event::Pull(pull));
        let ran = it.run_in(Event::Pull(pull), &clone, &variables);
        (ran, Some(pull))
    }),
    walk("it has 150 other comments", |it| {
        let pull = four(it, "bruno");
        for number in 0..150 {
            it.hub.comment_by("mallory", pull, &format!("comment {number}"));
        }
        it.hub.edit(|state| state.page = 20);
        planned(it, pull)
    }),
    walk("its comment was deleted", |it| {
        let pull = four(it, "bruno");
        it.run(Event::Pull(pull));
        it.hub.edit(|state| state.comments.clear());
        planned(it, pull)
    }),
    walk("its title says `[skip ci]`", |it| {
        let pull = four(it, "bruno");
        it.hub.edit(|state| {
            state.pulls.iter_mut().find(|it| it.number == pull).unwrap().title = "Tidy up [skip ci]".into();
        });
        planned(it, pull)
    }),
    Walk {
        name: "nothing was applied yet",
        on: &KINDS,
        begin: Machine::new,
        take: |it| planned(it, four(it, "bruno")),
    },
    Walk {
        name: "the environment of the plan has a credential that only looks",
        on: &KINDS,
        begin: |kind| {
            let mut machine = settled(kind);
            machine.set_in("rollbook-plan", "ROLLBOOK_EMAIL", "ada@acme.com");
            machine.set_in("rollbook-plan", "ROLLBOOK_API_TOKEN", "looks-only");
            machine
        },
        take: |it| planned(it, four(it, "bruno")),
    },
    Walk {
        name: "the tree is in a folder, and the default branch is `trunk`",
        on: &KINDS,
        begin: |kind| Machine::with(kind, "infra/access", "trunk").applied_from_the_first(),
        take: |it| planned(it, four(it, "bruno")),
    },
    walk_on(GITLAB, "its pipeline is one of merged results, and its branch is behind", |it| {
        let behind = it.propose("support", "support", &["chen", "erik"], "bruno");
        it.merge(four(it, "ada"), How::Merge);
        applied(it);
        (it.run(Event::Merged { number: behind, ahead: None }), Some(behind))
    }),
    walk_on(GITLAB, "it is the first of a merge train", |it| {
        let pull = four(it, "bruno");
        (it.run(Event::Merged { number: pull, ahead: None }), Some(pull))
    }),
    walk_on(GITLAB, "it is the second of a merge train", |it| {
        let ahead = own_grant(it);
        let pull = four(it, "chen");
        (it.run(Event::Merged { number: pull, ahead: Some(ahead) }), Some(pull))
    }),
    walk_on(GITHUB, "it is in a merge queue", |it| (it.run(Event::Queue(four(it, "bruno"))), None)),
    walk_on(GITHUB, "it is in a merge queue, behind another", |it| {
        let ahead = it.propose("other", "support", &["chen", "erik"], "ada");
        let (clone, mut variables) = it.start(Event::Queue(ahead), None);
        let base = git(&clone, &["rev-parse", "HEAD"]);
        let pull = four(it, "bruno");
        git(&clone, &["fetch", "--quiet", "origin", &it.pull(pull).head]);
        git(&clone, &["merge", "--quiet", "--no-edit", "--no-ff", "FETCH_HEAD"]);
        let head = git(&clone, &["rev-parse", "HEAD"]);
        it.stand_on(&variables, pull, &base);
        variables.insert("GITHUB_SHA".into(), head);
        (it.run_in(Event::Queue(pull), &clone, &variables), None)
    }),
];

/// Walks that end with an apply.
pub(super) const APPLIES: &[Walk] = &[
    walk("it is merged", |it| {
        it.merge(four(it, "bruno"), How::Merge);
        (applied(it), None)
    }),
    walk("it is squashed", |it| {
        it.merge(four(it, "bruno"), How::Squash("Change developers"));
        (applied(it), None)
    }),
    walk("two are merged before one apply", |it| {
        it.merge(four(it, "bruno"), How::Merge);
        it.merge(it.propose("other", "support", &["chen", "erik"], "bruno"), How::Merge);
        (applied(it), None)
    }),
    walk("two are merged, one by its own beneficiary", |it| {
        let mine = own_grant(it);
        let other = four(it, "chen");
        it.merge(mine, How::Merge);
        it.merge(other, How::Merge);
        (applied(it), None)
    }),
    walk("one that was refused is merged, and then another", |it| {
        it.merge(own_grant(it), How::Merge);
        applied(it);
        it.merge(four(it, "chen"), How::Merge);
        (applied(it), None)
    }),
    walk("one fails, and then another is merged", |it| {
        it.merge(four(it, "bruno"), How::Merge);
        let (clone, mut variables) = it.start(Event::Push, None);
        variables.insert("ROLLBOOK_API_TOKEN".into(), "wrong".into());
        let failed = it.run_in(Event::Push, &clone, &variables);
        assert_eq!(failed.code, 1);
        it.record(&failed, "push");
        it.merge(it.propose("other", "support", &["chen", "erik"], "bruno"), How::Merge);
        (applied(it), None)
    }),
    walk("a squash with `[skip ci]` starts no apply, and then another is merged", |it| {
        it.merge(own_grant(it), How::Squash("Tidy up [skip ci]"));
        it.merge(four(it, "chen"), How::Merge);
        (applied(it), None)
    }),
    walk("the branch of the pull request is deleted with the merge", |it| {
        it.merge(four(it, "bruno"), How::Merge);
        it.delete_branch("chen");
        (applied(it), None)
    }),
    walk("the branch of a squashed one is deleted with the merge", |it| {
        it.merge(four(it, "bruno"), How::Squash("Change developers"));
        it.delete_branch("chen");
        (applied(it), None)
    }),
    walk("commits are pushed without a pull request", |it| {
        it.checkout(&["main"]);
        it.members("developers", &FOUR);
        it.commit("Straight to main", "chen");
        it.push("main", "chen");
        (applied(it), None)
    }),
    walk("a branch is merged and pushed without a pull request", |it| {
        it.checkout(&["-B", "side"]);
        it.members("support", &["bruno", "chen"]);
        it.commit("Change support", "bruno");
        it.push("side", "bruno");
        it.merge_and_push("side", "chen");
        (applied(it), None)
    }),
    walk("an old one is run again", |it| {
        it.merge(four(it, "bruno"), How::Merge);
        let (clone, variables) = it.start(Event::Push, None);
        applied(it);
        it.merge(it.propose("back", "developers", &SETTLED, "bruno"), How::Merge);
        applied(it);
        (it.run_in(Event::Push, &clone, &variables), None)
    }),
    walk("three wait, and the newest runs last", |it| {
        let mut waiting = Vec::new();
        for (branch, group) in [("one", "developers"), ("two", "support"), ("three", "developers")] {
            let names: &[&str] = if group == "support" { &["chen", "erik"] } else { &FOUR };
            it.merge(it.propose(branch, group, names, "bruno"), How::Merge);
            waiting.push(it.start(Event::Push, None));
        }
        let newest = waiting.pop().unwrap();
        for (clone, variables) in &waiting {
            let ran = it.run_in(Event::Push, clone, variables);
            assert_eq!(ran.code, 4, "{}", ran.text);
            it.record(&ran, "push");
        }
        (it.run_in(Event::Push, &newest.0, &newest.1), None)
    }),
    Walk {
        name: "the first one, and nobody said what was applied",
        on: &KINDS,
        begin: Machine::new,
        take: |it| {
            it.merge(four(it, "bruno"), How::Merge);
            (applied(it), None)
        },
    },
    walk("a force push rewrote the history", |it| {
        it.merge(four(it, "bruno"), How::Merge);
        applied(it);
        it.checkout(&["--orphan", "rewritten"]);
        it.commit("The same, rewritten", "ada");
        it.push("main", "ada");
        (applied(it), None)
    }),
    Walk {
        name: "the tree is in a folder, and the default branch is `trunk`",
        on: &KINDS,
        begin: |kind| Machine::with(kind, "infra/access", "trunk").applied_from_the_first(),
        take: |it| {
            it.merge(four(it, "bruno"), How::Merge);
            (applied(it), None)
        },
    },
    Walk {
        name: "the environment of the apply has a credential that only looks",
        on: &KINDS,
        begin: |kind| {
            let mut machine = settled(kind);
            machine.set_in("rollbook-apply", "ROLLBOOK_EMAIL", "ada@acme.com");
            machine.set_in("rollbook-apply", "ROLLBOOK_API_TOKEN", "looks-only");
            machine
        },
        take: |it| {
            it.merge(four(it, "bruno"), How::Merge);
            (applied(it), None)
        },
    },
    walk_on(STORED_INSIDE, "a commit holds what looks like the folder of a run", |it| {
        it.checkout(&["main"]);
        it.write("rollbook-out-mine/journal.jsonl", "{}\n");
        it.commit("A journal", "bruno");
        it.push("main", "bruno");
        (applied(it), None)
    }),
    walk_on(GITHUB, "what the cleanup proposes is merged", |it| {
        it.checkout(&["main"]);
        it.write(
            "groups/developers.yaml",
            "groups:\n  developers:\n    members:\n      - ada@acme.com\n      - bruno@acme.com\n      - erik@acme.com\n      - { user: \
             chen@acme.com, until: 2026-01-01 }\n",
        );
        it.commit("Chen was there", "ada");
        it.push("main", "ada");
        applied(it);
        assert_eq!(it.cleanup().code, 0);
        let pull = it.hub.edit(|state| state.pulls.last().unwrap().number);
        // Nothing changed since, so that nothing is pushed.
        it.merge(pull, How::Merge);
        let before = it.hub.edit(|state| state.pushes.len());
        assert_eq!(it.cleanup().code, 0);
        assert_eq!(it.hub.edit(|state| state.pushes.len()), before);
        (applied(it), None)
    }),
];

/// Walks that end with the job of a night.
pub(super) const NIGHTS: &[Walk] = &[
    walk("a night with nothing to do", |it| (it.run(Event::Night), None)),
    walk("a night on which an end has come", |it| {
        it.checkout(&["main"]);
        it.write(
            "groups/developers.yaml",
            "groups:\n  developers:\n    members:\n      - ada@acme.com\n      - bruno@acme.com\n      - { user: erik@acme.com, until: \
             2026-01-01 }\n",
        );
        it.commit("Erik ends", "chen");
        let commit = it.push("main", "chen");
        let (clone, _) = it.start(Event::Push, None);
        assert_eq!(git(&clone, &["rev-parse", "HEAD"]), commit);
        // As if the apply of before the end had completed.
        it.record(&Ran { code: 0, text: String::new(), clone, out: None, summary: None }, "push");
        (it.run(Event::Night), None)
    }),
    walk("a night after a squash with `[skip ci]`", |it| {
        it.merge(four(it, "bruno"), How::Squash("Tidy up [skip ci]"));
        (it.run(Event::Night), None)
    }),
    walk("a night after somebody was added by hand", |it| {
        let change = Change::AddMember { group: "developers".into(), user: "chen@acme.com".into() };
        it.site.sandbox.edit(&change).unwrap();
        (it.run(Event::Night), None)
    }),
];

/// Walks that end with an apply in a clone, or on a runner, that is not as it should be.
pub(super) const CLONES: &[Walk] = &[
    walk("git calls its owner dubious", |it| {
        in_clone(it, |_, variables| {
            variables.insert("GIT_TEST_ASSUME_DIFFERENT_OWNER".into(), "1".into());
        })
    }),
    walk("it is shallow", |it| {
        for round in ["one", "two", "three"] {
            it.merge(it.propose(round, "developers", &FOUR, "bruno"), How::Merge);
        }
        (it.run_at(Event::Push, Some(1)), None)
    }),
    walk("it is sparse, without a file of the tree", |it| {
        in_clone(it, |clone, _| {
            git(clone, &["sparse-checkout", "set", "--no-cone", "/*", "!groups/support.yaml"]);
        })
    }),
    walk("it is partial, without the files of other commits", |it| {
        git(&it.path("origin.git"), &["config", "uploadpack.allowFilter", "true"]);
        in_clone(it, |clone, _| {
            let origin = format!("file://{}", it.path("origin.git").display());
            fs::remove_dir_all(clone).unwrap();
            git(
                &it.path("jobs"),
                &["clone", "--quiet", "--filter=blob:none", &origin, &clone.display().to_string()],
            );
        })
    }),
    walk("there is no git", |it| {
        let bin = it.path("none");
        fs::create_dir(&bin).unwrap();
        symlink(it.path("bin/rollbook"), bin.join("rollbook")).unwrap();
        in_clone(it, |_, variables| {
            variables.insert("PATH".into(), bin.display().to_string());
        })
    }),
    walk("the runner stays, with the folder of the job before", |it| {
        it.merge(four(it, "bruno"), How::Merge);
        let (clone, variables) = it.start(Event::Push, None);
        let ran = it.run_in(Event::Push, &clone, &variables);
        it.record(&ran, "push");
        it.merge(it.propose("other", "support", &["chen", "erik"], "bruno"), How::Merge);
        let (fresh, mut variables) = it.start(Event::Push, None);
        fs::remove_dir_all(fresh).unwrap();
        for folder in ["CI_PROJECT_DIR", "BITBUCKET_CLONE_DIR"] {
            if let Some(value) = variables.get_mut(folder) {
                *value = clone.display().to_string();
            }
        }
        git(&clone, &["fetch", "--quiet", "origin"]);
        git(&clone, &["checkout", "--quiet", "--detach", "origin/main"]);
        let ran = it.run_in(Event::Push, &clone, &variables);
        it.record(&ran, "push");
        (ran, None)
    }),
    walk("the runner stays, with a file of the tree that no commit has", |it| {
        in_clone(it, |clone, _| {
            fs::write(clone.join("groups/left.yaml"), "groups:\n  left: { members: [erik@acme.com] }\n")
                .unwrap();
        })
    }),
];

/// A pull request by which Chen comes into a group.
fn four(machine: &Machine, by: &str) -> u64 {
    machine.propose("chen", "developers", &FOUR, by)
}

/// A pull request by which Bruno comes into a privileged group, by himself.
fn own_grant(machine: &Machine) -> u64 {
    machine.propose("mine", "support", &["bruno", "chen"], "bruno")
}

fn planned(machine: &Machine, pull: u64) -> Taken {
    (machine.run(Event::Pull(pull)), Some(pull))
}

fn applied(machine: &Machine) -> Ran {
    let ran = machine.run(Event::Push);
    machine.record(&ran, "push");
    ran
}

/// The apply of a merge, in a clone that something was done to.
fn in_clone(machine: &Machine, prepare: impl FnOnce(&Path, &mut Variables)) -> Taken {
    machine.merge(four(machine, "bruno"), How::Merge);
    let (clone, mut variables) = machine.start(Event::Push, None);
    prepare(&clone, &mut variables);
    (machine.run_in(Event::Push, &clone, &variables), None)
}
