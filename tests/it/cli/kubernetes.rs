//! The example for Kubernetes: what it promises, and what its containers run. `.ci/run` has it checked against the schemas of
//! Kubernetes as well, which take much that a cluster refuses.

use std::fs;

use serde_yaml::Value;

use super::{Site, TODAY, files_of, repository, rollbook};

fn yaml(name: &str) -> Value {
    let path = repository().join("examples/kubernetes").join(name);
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_sequence().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// The containers of the pod, the first ones too.
fn containers(pod: &Value) -> Vec<&Value> {
    ["initContainers", "containers"].iter().flat_map(|kind| pod[*kind].as_sequence().unwrap()).collect()
}

#[test]
fn one_job_at_a_time_runs_once_and_ends() {
    let job = yaml("cronjob.yaml");
    assert_eq!((job["apiVersion"].as_str(), job["kind"].as_str()), (Some("batch/v1"), Some("CronJob")));
    assert!(job["metadata"]["name"].as_str().unwrap().len() <= 52, "jobs add 11 characters to the name");
    let spec = &job["spec"];
    assert_eq!(spec["concurrencyPolicy"], "Forbid");
    assert_eq!(spec["timeZone"], "Etc/UTC");
    let fields: Vec<u32> =
        spec["schedule"].as_str().unwrap().split(' ').map(|field| field.parse().unwrap_or(0)).collect();
    assert!(fields.len() == 5 && fields[0] < 60 && fields[1] < 24, "{fields:?}");
    assert!(
        spec["startingDeadlineSeconds"].as_u64().unwrap() >= 100,
        "a job may start late, and is not dropped"
    );
    let job = &spec["jobTemplate"]["spec"];
    assert_eq!(job["backoffLimit"], 0);
    assert!(job["activeDeadlineSeconds"].as_u64().is_some());
    assert_eq!(job["template"]["spec"]["restartPolicy"], "Never");
}

#[test]
fn no_container_may_do_more_than_it_must() {
    let job = yaml("cronjob.yaml");
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], false);
    let context = &pod["securityContext"];
    assert_eq!((context["runAsNonRoot"].as_bool(), context["runAsUser"].as_u64()), (Some(true), Some(65532)));
    assert_eq!(context["seccompProfile"]["type"], "RuntimeDefault");
    assert!(["hostNetwork", "hostPID", "hostIPC"].iter().all(|key| pod[*key].is_null()));
    let volumes = pod["volumes"].as_sequence().unwrap();
    assert!(volumes.iter().all(|volume| volume["hostPath"].is_null()));
    for container in containers(pod) {
        let context = &container["securityContext"];
        assert_eq!(context["allowPrivilegeEscalation"], false);
        assert_eq!(context["readOnlyRootFilesystem"], true);
        assert_eq!(texts(&context["capabilities"]["drop"]), ["ALL"]);
        assert!(context["privileged"].is_null() && context["runAsUser"].is_null());
        assert!(container["resources"]["limits"]["memory"].as_str().unwrap().ends_with("Mi"));
        for mount in container["volumeMounts"].as_sequence().unwrap() {
            assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{mount:?}");
        }
    }
}

/// Each container has the credentials of what it talks to, from a secret, and no others.
#[test]
fn secrets_come_by_reference_and_apart() {
    let job = yaml("cronjob.yaml");
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    for (container, secret) in containers(pod).into_iter().zip(["rollbook-repository", "rollbook-site"]) {
        let mut secrets = 0;
        for variable in container["env"].as_sequence().unwrap() {
            let name = variable["name"].as_str().unwrap();
            let from = &variable["valueFrom"]["secretKeyRef"];
            if from.is_null() {
                assert!(["HOME", "POD"].contains(&name), "{name} names a value");
            } else {
                assert_eq!(from["name"], secret, "{name}");
                secrets += 1;
            }
        }
        assert!(secrets >= 2, "{container:?}");
    }
}

#[test]
fn every_image_is_pinned_by_its_digest() {
    let kustomization = yaml("kustomization.yaml");
    for resource in texts(&kustomization["resources"]) {
        assert!(yaml(resource)["kind"].is_string(), "{resource}");
    }
    let images = kustomization["images"].as_sequence().unwrap();
    let job = yaml("cronjob.yaml");
    for container in containers(&job["spec"]["jobTemplate"]["spec"]["template"]["spec"]) {
        let image =
            images.iter().find(|image| image["name"] == container["image"]).expect("the image is set");
        assert!(image["digest"].as_str().unwrap().starts_with("sha256:"));
        assert!(image["newTag"].is_null());
    }
    let maps = kustomization["configMapGenerator"].as_sequence().unwrap();
    assert_eq!(maps[0]["name"], "rollbook");
    assert!(texts(&maps[0]["literals"]).iter().any(|literal| literal.starts_with("TREE=")));
}

/// The lines of the second container, in a clone, against the sandbox.
#[test]
fn the_job_takes_away_what_has_ended_and_fails_on_drift() {
    let job = yaml("cronjob.yaml");
    let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(texts(&container["command"]), ["/bin/sh", "-ec"]);
    let site = Site::example("minimal");
    let home = tempfile::tempdir().unwrap();
    let tree = home.path().join("repository/access");
    for (path, text) in files_of("minimal") {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("- bruno@acme.com", "- { user: bruno@acme.com, until: 2026-01-01 }"))
            .unwrap();
    }
    let script = texts(&container["args"])[0]
        .replace("/work", &home.path().display().to_string())
        .replace("/journals", &home.path().display().to_string())
        .replace("rollbook apply", &format!("\"$0\" apply --today {TODAY}"))
        .replace("rollbook plan", &format!("\"$0\" plan --today {TODAY}"));
    let ran = rollbook::<&str>([]).wrapped(&["/bin/sh", "-ec", &script]).at(&site);
    let ran = ran.env("TREE", "access").env("POD", "rollbook-1").env("PATH", "/usr/bin:/bin").run().ends(2);
    assert!(
        ran.stdout.contains("remove member.developers/bruno@acme.com")
            && ran.stdout.contains("+ grace@acme.com"),
        "{ran}"
    );
    let state = site.sandbox.state();
    let group = state.groups.values().find(|group| group.name.as_str() == "developers").unwrap();
    let members: Vec<&str> =
        group.members.iter().filter_map(|id| state.accounts[id].email.as_deref()).collect();
    assert!(!members.contains(&"bruno@acme.com") && members.contains(&"erik@acme.com"), "{members:?}");
    assert!(fs::read_to_string(home.path().join("rollbook-1.jsonl")).unwrap().contains("rollbook.journal/1"));
}
