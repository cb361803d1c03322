//! The plan that the README shows, as a picture of a terminal and as a comment: both are what the program prints.

use std::fmt::Write as _;
use std::fs;

use super::{Site, TODAY, example, files_of, repository, rollbook};

/// Cells of the picture across, and the size of a cell and of the edge in pixels.
const COLUMNS: usize = 80;
const CELL: [f32; 2] = [8.4, 20.0];
const EDGE: f32 = 16.0;

/// Text with ANSI styles as a terminal shows it. It brings its own ground, so that it can be read on a light page and on a
/// dark one.
fn picture(text: &str) -> String {
    let [cell, line_height] = CELL;
    let lines: Vec<&str> = text.lines().collect();
    #[expect(clippy::cast_precision_loss, reason = "a few lines")]
    let (width, height) = (COLUMNS as f32 * cell + 2.0 * EDGE, lines.len() as f32 * line_height + 2.0 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#161b22\" stroke=\"#6e7681\"/>\n\
         <g fill=\"#e6edf3\" xml:space=\"preserve\">\n"
    );
    let mut baseline = EDGE + 15.0;
    for line in lines {
        let mut column = 0_u16;
        let mut style = String::new();
        for (at, part) in line.split('\u{1b}').enumerate() {
            let shown = if at == 0 { part } else { styled(part, &mut style) };
            let cells = |text: &str| u16::try_from(text.chars().count()).unwrap();
            if !shown.trim().is_empty() {
                // Each run has its place, so that another font moves no column.
                let x = EDGE + f32::from(column + cells(shown) - cells(shown.trim_start())) * cell;
                let length = f32::from(cells(shown.trim())) * cell;
                let shown = shown.trim().replace('&', "&amp;").replace('<', "&lt;");
                writeln!(
                    svg,
                    "<text x=\"{x:.1}\" y=\"{baseline}\" textLength=\"{length:.1}\"{style}>{shown}</text>"
                )
                .unwrap();
            }
            column += cells(shown);
        }
        baseline += line_height;
    }
    svg + "</g>\n</svg>\n"
}

/// What follows a control sequence, whose style is kept.
fn styled<'a>(part: &'a str, style: &mut String) -> &'a str {
    let (code, text) = part.strip_prefix('[').and_then(|part| part.split_once('m')).expect("a style");
    match code {
        "0" => style.clear(),
        "1" => style.push_str(" font-weight=\"bold\""),
        "2" => style.push_str(" fill=\"#9198a1\""),
        "31" => style.push_str(" fill=\"#ff7b72\""),
        "32" => style.push_str(" fill=\"#56d364\""),
        "33" => style.push_str(" fill=\"#e3b341\""),
        other => panic!("no style for {other}"),
    }
    text
}

#[test]
fn the_picture_of_a_plan_is_what_the_program_prints() {
    let site = Site::example("minimal");
    let tree = example("minimal");
    let ran = rollbook(["-C", &tree, "plan", "--today", TODAY, "--color", "always"]).at(&site).run().ends(0);
    assert!(ran.stdout.contains("\u{1b}[32m"), "{ran}");
    let picture = picture(&ran.stdout);
    let path = repository().join("docs/plan.svg");
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        fs::write(&path, &picture).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == picture,
        "run ROLLBOOK_BLESS=1 cargo test --test it -- the_picture_of_a_plan"
    );
}

#[test]
fn the_comment_in_the_readme_is_what_the_program_prints() {
    let site = Site::example("minimal");
    let run = rollbook(["plan", "--today", TODAY, "--format", "markdown"]).at(&site);
    // In a folder that git does not know: a commit would be another one each time.
    let run = files_of("minimal").iter().fold(run, |run, (path, text)| run.file(path, text));
    let comment = run.run().ends(0).stdout;
    let path = repository().join("README.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("as a comment on a pull request</summary>\n\n").unwrap();
    let (shown, after) = rest.split_once("\n</details>\n\n## Try it").unwrap();
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        let page = format!(
            "{before}as a comment on a pull request</summary>\n\n{comment}\n</details>\n\n## Try it{after}"
        );
        fs::write(&path, page).unwrap();
        return;
    }
    assert_eq!(shown, comment, "run ROLLBOOK_BLESS=1 cargo test --test it -- the_comment_in_the_readme");
}
