//! `snapshot`, and `plan --live` without any credential.

use std::fs;
use std::path::Path;

use super::{Ran, Rollbook, Site, TODAY, example, files_of, rollbook, seed_of};

/// A folder with an example and a snapshot of its site.
fn taken(site: &Site, name: &str, more: &[&str]) -> Ran {
    snapshot(site, name, more, &[])
}

/// With the credentials of a site, but for some variables.
fn at(mut run: Rollbook, site: &Site, without: &[&str]) -> Rollbook {
    for (variable, value) in site.sandbox.exports(site.url()) {
        if !without.contains(&variable.as_str()) {
            run = run.env(&variable, &value);
        }
    }
    run
}

fn snapshot(site: &Site, name: &str, more: &[&str], without: &[&str]) -> Ran {
    let arguments = ["snapshot", "--today", TODAY, "--out", "live.json"];
    let mut run = at(rollbook(arguments.iter().chain(more).copied()), site, without);
    for (path, text) in files_of(name) {
        run = run.file(&path, &text);
    }
    run.run().ends(0)
}

fn within(folder: &Path, arguments: &[&str]) -> Rollbook {
    let folder = folder.display().to_string();
    let live = format!("{folder}/live.json");
    let arguments = arguments.iter().map(|argument| if *argument == "FILE" { &live } else { *argument });
    rollbook(arguments.chain(["-C", &folder, "--today", TODAY, "-q"]).collect::<Vec<_>>())
        .hides(&folder, "[folder]")
}

/// A plan without what its header says.
fn body(ran: &Ran) -> String {
    let header = ["\"made\"", "\"checksum\"", "From a snapshot of ", "Rollbook plan for `"];
    let mut lines: Vec<&str> = ran.stdout.lines().collect();
    lines.retain(|line| !header.iter().any(|part| line.contains(part)));
    let text = lines.join("\n");
    match (text.find("\"snapshot\": {"), text.find("\"snapshot\": null")) {
        (Some(at), _) => {
            let end = at + text[at..].find('}').unwrap() + 1;
            format!("{}\"snapshot\": null{}", &text[..at], &text[end..])
        }
        (None, _) => text,
    }
}

/// With everything that there is a credential for, with the organization's key alone, and with Jira's token alone.
#[test]
fn a_plan_from_a_snapshot_is_the_plan_from_live_without_a_credential_or_a_request() {
    let organization = ["ROLLBOOK_EMAIL", "ROLLBOOK_API_TOKEN", "ROLLBOOK_SCIM_API_KEY"];
    for (name, without, code) in [("acme", &[][..], 6), ("acme", &organization, 6), ("minimal", &[], 0)] {
        let site = Site::example(name);
        let made = snapshot(&site, name, &[], without);
        let folder = made.folder();
        for format in ["text", "json", "markdown"] {
            let live = at(within(&folder, &["plan", "--format", format]), &site, without).run().ends(code);
            let asked = site.asked();
            let from = within(&folder, &["plan", "--format", format, "--live", "FILE"]).run().ends(code);
            assert_eq!(site.asked(), asked, "{from}");
            assert_eq!(body(&live), body(&from), "{name} as {format}");
            assert_ne!(live.stdout, from.stdout, "it says what it was made from");
        }
        assert!(made.stderr.contains("The snapshot is in live.json: "), "{made}");
    }
}

/// An erased account has no email, and hides none: by the snapshot as by the site somebody new is invited.
#[test]
fn an_erased_account_hides_nobody_in_a_snapshot_either() {
    let erased = "users:\n  - { account-id: 5be37f8aa430e70fb00dfdaa, deletion: done }\n";
    let seed = seed_of("minimal").replacen("users:\n", erased, 1);
    assert!(seed.contains(erased));
    let site = Site::of(&seed);
    let made = snapshot(&site, "minimal", &[], &[]);
    let ran = within(&made.folder(), &["plan", "--live", "FILE"]).run().ends(0);
    assert!(ran.stdout.contains("+ user grace@acme.com"), "{ran}");
}

#[test]
fn a_snapshot_is_private_and_holds_no_secret_and_no_name_that_nobody_declared() {
    let site = Site::example("acme");
    let made = taken(&site, "acme", &[]);
    let text = fs::read_to_string(made.folder().join("live.json")).unwrap();
    for (name, secret) in site.sandbox.exports(site.url()) {
        if name.ends_with("_TOKEN") || name.ends_with("_KEY") {
            assert!(!text.contains(&secret), "{name}");
        }
    }
    assert!(text.contains("@veiled.invalid") || text.contains("\"~"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let bits = fs::metadata(made.folder().join("live.json")).unwrap().permissions().mode();
        assert_eq!(bits & 0o777, 0o600);
    }
    let redacted = taken(&site, "acme", &["--redact"]);
    let text = fs::read_to_string(redacted.folder().join("live.json")).unwrap();
    for name in ["ada@acme.com", "Ada Okafor", "platform-engineers"] {
        assert!(!text.contains(name), "{name}");
    }
    within(&redacted.folder(), &["plan", "--live", "FILE"]).run().ends(6);
}

#[test]
fn an_old_snapshot_is_marked() {
    let site = Site::example("minimal");
    let made = taken(&site, "minimal", &[]);
    let path = made.folder().join("live.json");
    let mut document: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    document["header"]["taken"] = "2020-01-01T00:00:00Z".into();
    fs::write(&path, rollbook::plan::sealed(document).to_string()).unwrap();
    let plan =
        |format: &str| within(&made.folder(), &["plan", "--live", "FILE", "--format", format]).run().ends(0);
    for format in ["text", "markdown"] {
        let ran = plan(format);
        let text = ran.stdout.replace('\n', " ");
        assert!(text.contains("hours old: take a new one before you rely on this plan."), "{ran}");
    }
    assert_eq!(plan("json").json()["header"]["snapshot"]["old"], true);
}

#[test]
fn a_snapshot_that_cannot_be_used_says_why() {
    let site = Site::example("minimal");
    let made = taken(&site, "minimal", &[]);
    let folder = made.folder();
    let path = folder.join("live.json");
    let text = fs::read_to_string(&path).unwrap();
    let plan = |code| within(&folder, &["plan", "--live", "FILE"]).run().ends(code);
    let cases = [
        ("no".to_owned(), "not a Rollbook snapshot"),
        (text[..text.len() / 2].to_owned(), "it is truncated"),
        (text.replace("snapshot/1", "snapshot/9"), "it is a `rollbook.snapshot/9`"),
        (text.replace("\"redacted\": false", "\"redacted\": true"), "it was changed after it was taken"),
    ];
    for (bad, why) in cases {
        fs::write(&path, bad).unwrap();
        let ran = plan(1);
        assert!(ran.stderr.contains("the snapshot cannot be used") && ran.stderr.contains(why), "{ran}");
        assert!(ran.stderr.contains("help: ") && ran.stdout.is_empty(), "{ran}");
    }
    fs::write(&path, &text).unwrap();
    let settings = folder.join("rollbook.yaml");
    let tree = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, tree.replace("acme.atlassian.net", "other.atlassian.net")).unwrap();
    let ran = plan(4);
    assert!(ran.stderr.contains("it is from https://acme.atlassian.net, but the tree names"), "{ran}");
    fs::write(&settings, tree).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(plan(1).stderr.contains("failed to read"));
}

#[test]
fn a_plan_from_a_snapshot_can_be_saved_and_applied_and_a_masked_one_cannot() {
    let site = Site::example("minimal");
    let made = taken(&site, "minimal", &[]);
    let plan = made.folder().join("plan.json").display().to_string();
    within(&made.folder(), &["plan", "--live", "FILE", "--out", &plan]).run().ends(0);
    within(&made.folder(), &["plan", "--live", "FILE", "--out", &plan, "--redact"]).run().ends(64);
    let masked = within(&made.folder(), &["plan", "--live", "FILE", "--redact"]).run().ends(0);
    assert!(!masked.stdout.contains("grace@") && masked.stdout.contains("***"), "{masked}");
    let journal = made.folder().join("journal.jsonl").display().to_string();
    let applied = within(&made.folder(), &["apply", &plan, "--journal", &journal]).at(&site).run().ends(0);
    assert!(applied.stdout.contains("Done: 4 of 4 operations"), "{applied}");
}

/// A listing that comes back empty for a want of rights looks like a group that everybody left.
#[test]
fn a_group_that_was_full_and_reads_as_empty_refuses_the_plan() {
    let site = Site::example("minimal");
    let tree = example("minimal");
    let taken = rollbook(["snapshot", "-q", "-C", &tree, "--today", TODAY]).at(&site).run().ends(0);
    let plan = |site: &Site| {
        let arguments = ["plan", "-q", "-C", &tree, "--today", TODAY, "--snapshot", "before.json"];
        rollbook(arguments).at(site).file("before.json", &taken.stdout).run()
    };
    plan(&site).ends(0);
    let members = "members: [ada@acme.com, bruno@acme.com, erik@acme.com] }";
    let seed = seed_of("minimal");
    assert!(seed.contains(members), "{seed}");
    let emptied = Site::of(&seed.replace(members, "members: [] }"));
    let ran = plan(&emptied).ends(4);
    let why = "group developers had 3 members when the snapshot was taken";
    assert!(ran.stdout.contains("suspicious-read") && ran.stdout.contains(why), "{ran}");
    let apply = ["apply", "-q", "--yes", "-C", &tree, "--today", TODAY, "--snapshot", "before.json"];
    rollbook(apply).at(&emptied).file("before.json", &taken.stdout).run().ends(4);
    assert_eq!(emptied.sandbox.requests().writes.len(), 0);
}
