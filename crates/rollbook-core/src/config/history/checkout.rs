//! Which files of a commit are the tree's.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::model::{Commit, Object, in_repository};

use super::super::include::{Include, ROOT};
use super::Blob;
use super::file::{Cache, File};
use super::state::{Delta, FileVersions, State};

/// The files of a commit, and what those of the tree say.
#[derive(Clone, Debug, Default)]
pub(super) struct Checkout {
    /// By their paths in the repository.
    objects: BTreeMap<Rc<str>, Rc<Object>>,
    /// The files that begin a tree.
    roots: BTreeSet<Rc<str>>,
    /// The folder of the tree, and what it includes.
    place: Option<(String, Rc<Include>)>,
    /// Those of the tree, by their paths in it.
    files: BTreeMap<Rc<str>, (Rc<Object>, Rc<File>)>,
    state: State,
}

impl Checkout {
    /// Goes on to a commit, and returns how its memberships differ from those of its first parent.
    pub(super) fn advance<E>(
        &mut self,
        commit: &Commit,
        cache: &mut Cache,
        blob: &mut impl FnMut(&str) -> Result<Blob, E>,
    ) -> Result<Delta, E> {
        for change in &commit.files {
            let path: Rc<str> = Rc::from(change.path.as_str());
            if path.rsplit('/').next() == Some(ROOT) {
                if change.object.is_some() {
                    self.roots.insert(path.clone())
                } else {
                    self.roots.remove(&path)
                };
            }
            match &change.object {
                Some(object) => self.objects.insert(path, Rc::new(object.clone())),
                None => self.objects.remove(&path),
            };
        }
        let folder = self.folder(cache);
        let root_path = folder.as_ref().map(|folder| format!("{folder}{ROOT}"));
        let moved = self.place.as_ref().map(|(folder, _)| folder) != folder.as_ref();
        let reads_root =
            root_path.as_ref().is_some_and(|root| commit.files.iter().any(|it| it.path == *root));
        let mut before = Vec::new();
        if moved || reads_root {
            self.include(folder, commit, cache, blob)?;
            for (path, object) in self.wanted() {
                before.push((path.clone(), self.take(&path, object, commit, cache, blob)?));
            }
        } else {
            for change in &commit.files {
                let Some(path) = self.in_tree(&change.path) else { continue };
                let object = self.objects.get(change.path.as_str()).cloned();
                let path: Rc<str> = path.into();
                before.push((path.clone(), self.take(&path, object, commit, cache, blob)?));
            }
        }
        let versions = before.into_iter().map(|(path, before)| {
            let after = self.files.get(&path).map(|(_, file)| file.clone());
            (path, before, after)
        });
        let versions: Vec<FileVersions> =
            versions.filter(|(_, before, after)| !is_same(before.as_ref(), after.as_ref())).collect();
        Ok(if versions.is_empty() { Delta::default() } else { self.state.advance(&versions) })
    }

    /// The folder that holds the tree: the one of today, or the only one that holds a tree.
    fn folder(&self, cache: &Cache) -> Option<String> {
        let here = format!("{}{ROOT}", cache.folder);
        if self.roots.contains(here.as_str()) {
            return Some(cache.folder.clone());
        }
        let only = self.roots.first().filter(|_| cache.is_only && self.roots.len() == 1)?;
        Some(only.strip_suffix(ROOT).unwrap_or(only).to_owned())
    }

    /// Reads which files belong to the tree. A rollbook.yaml that cannot be read counts as it did before.
    fn include<E>(
        &mut self,
        folder: Option<String>,
        commit: &Commit,
        cache: &mut Cache,
        blob: &mut impl FnMut(&str) -> Result<Blob, E>,
    ) -> Result<(), E> {
        let Some(folder) = folder else {
            self.place = None;
            return Ok(());
        };
        let root = self.objects.get(format!("{folder}{ROOT}").as_str()).cloned();
        let file = match &root {
            Some(root) => cache.file((&commit.id, ROOT), root, blob)?,
            None => None,
        };
        let include = file.and_then(|file| file.include.clone());
        let include = include.or_else(|| self.place.as_ref().map(|(_, include)| include.clone()));
        self.place = Some((folder, include.unwrap_or_else(|| Rc::new(Include::of("")))));
        Ok(())
    }

    /// Every file that the tree has or had, with what it holds now.
    fn wanted(&self) -> BTreeMap<Rc<str>, Option<Rc<Object>>> {
        let mut wanted: BTreeMap<Rc<str>, Option<Rc<Object>>> =
            self.files.keys().map(|path| (path.clone(), None)).collect();
        for (path, object) in &self.objects {
            if let Some(path) = self.in_tree(path) {
                wanted.insert(path.into(), Some(object.clone()));
            }
        }
        wanted
    }

    /// Takes a file over, and returns what it said before. One that cannot be read says what it said.
    fn take<E>(
        &mut self,
        path: &Rc<str>,
        object: Option<Rc<Object>>,
        commit: &Commit,
        cache: &mut Cache,
        blob: &mut impl FnMut(&str) -> Result<Blob, E>,
    ) -> Result<Option<Rc<File>>, E> {
        let known = self.files.get(path).cloned();
        match object {
            None => {
                self.files.remove(path);
            }
            Some(object) if known.as_ref().is_some_and(|(known, _)| *known == object) => {}
            Some(object) => {
                let read = cache.file((&commit.id, path), &object, blob)?;
                if let Some(file) = read.or_else(|| known.as_ref().map(|(_, file)| file.clone())) {
                    self.files.insert(path.clone(), (object, file));
                }
            }
        }
        Ok(known.map(|(_, file)| file))
    }

    /// A path of the repository as the tree has it, where it belongs to the tree.
    fn in_tree(&self, path: &str) -> Option<String> {
        let (folder, include) = self.place.as_ref()?;
        let own = path.strip_prefix(folder.as_str()).filter(|path| include.takes(path));
        if let Some(own) = own {
            return Some(own.to_owned());
        }
        include.shares().find_map(|share| {
            let place = in_repository(folder, share)?;
            let below = path.strip_prefix(&place)?.strip_prefix('/')?;
            Some(format!("{share}/{below}")).filter(|path| include.takes(path))
        })
    }
}

fn is_same(one: Option<&Rc<File>>, other: Option<&Rc<File>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Rc::ptr_eq(one, other),
        (Some(_), None) | (None, Some(_)) => false,
    }
}
