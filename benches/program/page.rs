//! docs/performance.md: replaces the text between its two marks with the last measurements.

use std::fmt::Write as _;
use std::fs;

use super::figure::{Figure, HEADS};
use super::job::Job;

const BEGIN: &str =
    "<!-- Measured by `cargo bench --bench program -- --write`; do not edit from here … -->\n";
const END: &str = "<!-- … to here. -->\n";

/// Writes the measurements into the page.
///
/// # Panics
/// When the page has no two marks.
pub(crate) fn write(jobs: &[(Job, Vec<Figure>)]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
    let page = fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a first mark");
    let (_, after) = rest.split_once(END).expect("the page has a last mark");
    fs::write(path, format!("{before}{BEGIN}\n{}{END}{after}", measured(jobs))).unwrap();
}

fn measured(jobs: &[(Job, Vec<Figure>)]) -> String {
    let mut text = format!("On {}, {}.\n", machine(), today());
    for (job, figures) in jobs {
        write!(text, "\n### {}\n\n{}\n\n", capitalised(job.name), job.about).unwrap();
        writeln!(text, "| {} |\n|---|--:|--:|--:|--:|", HEADS.join(" | ")).unwrap();
        for figure in figures {
            writeln!(text, "| {} |", figure.cells().join(" | ")).unwrap();
        }
    }
    text.push('\n');
    text
}

/// The size of the machine.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let field = |path: &str, name: &str| {
        let text = fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model =
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "a processor of unknown name".to_owned());
    let kilobytes =
        field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let memory = kilobytes.map_or_else(String::new, |kilobytes| format!(", {} GB", kilobytes / 1_000_000));
    format!("{cores} cores ({model}){memory}")
}

fn today() -> String {
    jiff::Zoned::now().date().to_string()
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
