//! The text of an error for people, whatever its type: besides its message, each type says what to do next, as a
//! [`miette::Diagnostic`].

use miette::Diagnostic;

/// The text of an error.
pub trait ErrorExt {
    /// Joins the error and its causes in one line.
    fn chain(&self) -> String;

    /// A full sentence that says what to do next, if there is something to do.
    fn help(&self) -> Option<String>;
}

impl<E: Diagnostic> ErrorExt for E {
    fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // A transparent error has the text of its cause.
            if !text.ends_with(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        text
    }

    fn help(&self) -> Option<String> {
        Diagnostic::help(self).map(|help| help.to_string())
    }
}
