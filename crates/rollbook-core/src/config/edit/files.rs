//! The files of a tree, each a document once it is changed.

use std::collections::BTreeMap;

use crate::model::{SourceFile, Tree};

use super::super::document::{Document, Items, Value};
use super::super::format::{read, unified};

pub(super) struct Files(BTreeMap<String, File>);

enum File {
    /// Unchanged, byte for byte.
    Kept(String),
    /// Must be rewritten.
    Changed(Box<Document>),
}

impl Files {
    pub(super) fn of(tree: &Tree) -> Self {
        let file = |file: &SourceFile| (file.path.clone(), File::Kept(file.text.clone()));
        Self(tree.files.iter().map(file).collect())
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    pub(super) fn insert(&mut self, path: String, document: Document) {
        self.0.insert(path, File::Changed(Box::new(document)));
    }

    /// A file to change; `None` if it cannot be read.
    pub(super) fn document(&mut self, path: &str) -> Option<&mut Document> {
        let file = self.0.get_mut(path)?;
        if let File::Kept(text) = file {
            *file = File::Changed(Box::new(read(&unified(text))?));
        }
        match file {
            File::Changed(document) => Some(document),
            File::Kept(_) => None,
        }
    }

    /// Changes a file; one that stays the same keeps its bytes.
    pub(super) fn change(&mut self, path: &str, change: impl FnOnce(&mut Document)) {
        let Some(File::Kept(text)) = self.0.get(path) else { return };
        let Some(mut document) = read(&unified(text)) else { return };
        let before = document.clone().print();
        change(&mut document);
        if document.clone().print() != before {
            self.insert(path.to_owned(), document);
        }
    }

    /// A list or mapping of a file, to change.
    pub(super) fn items(&mut self, path: &str, keys: &[&str]) -> Option<&mut Items> {
        match self.document(path)?.at(keys)? {
            Value::Items(items) => Some(items),
            Value::Text(_) => None,
        }
    }

    pub(super) fn into_tree(self) -> Tree {
        let file = |(path, file): (String, File)| {
            let text = match file {
                File::Kept(text) => text,
                File::Changed(document) => document.print(),
            };
            SourceFile { path, text }
        };
        Tree { files: self.0.into_iter().map(file).collect() }
    }
}
