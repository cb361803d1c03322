//! The whole program against a sandbox in another process: requests, wall time, CPU time and peak memory, compared with
//! the minimum and with other clients doing the same job in the same run.
//!
//! `cargo bench --bench program` prints the table. `-- --write` also writes it into docs/performance.md; other words
//! select jobs whose names contain them. Other clients are run if `ROLLBOOK_TEST_NODE_MODULES` names a folder with jira.js,
//! and `ROLLBOOK_TEST_PYTHON` a Python with atlassian-python-api.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

mod figure;
mod job;
mod jobs;
mod page;
mod peer;
mod process;
mod scene;

use std::process::ExitCode;

use figure::Figure;

fn main() -> ExitCode {
    // `cargo bench` adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let (flags, named): (Vec<String>, Vec<String>) =
        words.into_iter().partition(|word| word.starts_with("--"));
    let chosen = |name: &str| named.is_empty() || named.iter().any(|part| name.contains(part.as_str()));
    let mut figures = Vec::new();
    for job in jobs::all().into_iter().filter(|job| chosen(job.name)) {
        println!("\n{}", job.name);
        let of_job = (job.run)();
        print!("{}", figure::table(&of_job));
        figures.push((job, of_job));
    }
    if flags.iter().any(|flag| flag == "--write") {
        page::write(&figures);
    }
    let missed: Vec<&Figure> =
        figures.iter().flat_map(|(_, of_job)| of_job).filter(|it| !it.holds()).collect();
    for figure in &missed {
        println!("missed: {}", figure.what);
    }
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
