//! A partial, empty or failed read never becomes a plan (docs/design.md#whole-or-nothing).

use rollbook::fetch;
use rollbook::model::{ErrorExt as _, Tree};
use rollbook::sandbox::{Change, Failure, Options, Sandbox};

use super::front::{Front, Trick};
use super::site::{PlanError, ROOT, one_file, plan, seeded, surfaces};
use crate::atlassian::contract::Asked;

const MEMBERS: &str = "/rest/api/3/group/member";
const GROUPS: &str = "/rest/api/3/group/bulk";
const USERS: &str = "/rest/api/3/users/search";

/// Two people in a group, one to invite, one to come and one to go: every read that there is is needed.
const SEED: &str = "
users: [{ email: ada@acme.com }, { email: bob@acme.com }, { email: cy@acme.com }]
groups: [{ name: devs, id: g-devs, members: [ada@acme.com, bob@acme.com] }]
";

fn tree() -> Tree {
    one_file(
        "policy: { offboard: remove, invite-domains: [acme.com] }
users: { new@acme.com: { active: true }, cy@acme.com: { active: false } }
groups: { devs: { members: [ada@acme.com, new@acme.com] } }
",
    )
}

type Answer = Result<Vec<String>, PlanError>;

/// The keys of the plan that results when so much is done to the reads.
async fn planned(tricks: impl Fn(&Sandbox, &Asked) -> Trick + Send + Sync + 'static) -> (Front, Answer) {
    let front = seeded(SEED, &Options::default()).with(tricks);
    let plan = plan(&surfaces(&front, 8), &tree()).await;
    assert_eq!(front.sandbox.requests().writes, vec![], "no plan has written anything yet");
    let keys = |plan: rollbook::model::Plan| {
        plan.operations.iter().map(|planned| planned.key.to_string()).collect::<Vec<_>>()
    };
    (front, plan.map(keys))
}

/// Does something to one path.
fn at(path: &'static str, trick: Trick) -> impl Fn(&Sandbox, &Asked) -> Trick + Send + Sync + 'static {
    move |_, asked| if asked.path == path { trick.clone() } else { Trick::Pass }
}

/// Why there is no live state.
fn no_live_state(answer: Answer) -> fetch::Error {
    match answer {
        Err(PlanError::Live(error)) => error,
        Err(PlanError::Capabilities(error)) => panic!("there is a live state, and then {error}"),
        Ok(keys) => panic!("there is a plan: {keys:#?}"),
    }
}

fn incomplete(answer: Answer) -> String {
    match no_live_state(answer) {
        fetch::Error::Surface(error) if error.incomplete().is_some() => error.to_string(),
        other => panic!("{other}"),
    }
}

const WHOLE: [&str; 4] = [
    "remove user.cy@acme.com",
    "remove member.devs/bob@acme.com",
    "invite user.new@acme.com",
    "add member.devs/new@acme.com",
];

#[tokio::test(start_paused = true)]
async fn whole_reads_are_a_plan() {
    let (_, answer) = planned(|_, _| Trick::Pass).await;
    assert_eq!(answer.unwrap(), WHOLE);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_cut_is_no_listing() {
    let cut = Trick::Replace(r#""total":2"#, r#""total":3"#);
    let told = incomplete(planned(at(MEMBERS, cut)).await.1);
    assert!(told.contains("2 distinct rows were read, but the API counts 3"), "{told}");
    // Both listings of groups count two: all, and those of site admins (one).
    let cut = Trick::Replace(r#""total":2"#, r#""total":9"#);
    let groups = move |_: &Sandbox, asked: &Asked| {
        let all = asked.path == GROUPS && asked.query.len() == 2;
        if all { cut.clone() } else { Trick::Pass }
    };
    incomplete(planned(groups).await.1);
    let empty = r#"{"self":"","maxResults":50,"startAt":0,"total":2,"isLast":true,"values":[]}"#;
    incomplete(planned(at(MEMBERS, Trick::Instead(200, empty.to_owned()))).await.1);
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_never_ends_is_none() {
    let endless = Trick::Replace(r#""isLast":true"#, r#""isLast":false"#);
    let (front, answer) = planned(at(MEMBERS, endless.clone())).await;
    let told = incomplete(answer);
    assert!(told.contains("the last page is missing"), "{told}");
    assert!(front.count("GET /rest/api/3/group/member") < 6, "and is not read for ever");
    incomplete(planned(at(GROUPS, endless)).await.1);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_fails_the_listing() {
    let people: Vec<String> = (0..120).map(|n| format!("{{ email: p{n}@acme.com }}")).collect();
    let names: Vec<String> = (0..120).map(|n| format!("p{n}@acme.com")).collect();
    let (people, names) = (people.join(", "), names.join(", "));
    let seed = format!("users: [{people}]\ngroups: [{{ name: devs, members: [{names}] }}]");
    let tree = one_file("groups: { devs: { members: [p7@acme.com] } }");
    for (path, from, status, words) in [
        (MEMBERS, "50", 403, "not allowed"),
        (MEMBERS, "100", 500, "the server failed"),
        (MEMBERS, "100", 404, "not found"),
        (USERS, "120", 500, "the server failed"),
        (USERS, "120", 403, "not allowed"),
        (USERS, "120", 429, "too many requests"),
    ] {
        let second = move |_: &Sandbox, asked: &Asked| {
            let here = asked.path == path && asked.query.contains(&("startAt".to_owned(), from.to_owned()));
            if here { Trick::Instead(status, r#"{"errorMessages":["no"]}"#.to_owned()) } else { Trick::Pass }
        };
        let front = seeded(&seed, &Options::default()).with(second);
        match plan(&surfaces(&front, 8), &tree).await {
            Err(PlanError::Live(fetch::Error::Surface(error))) => {
                assert!(error.to_string().contains(words), "{path} from {from}: {error}");
            }
            other => panic!("{path} from {from}: {other:#?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_vanishes_between_two_reads_is_an_error() {
    let vanish = |sandbox: &Sandbox, asked: &Asked| {
        if asked.path == MEMBERS {
            let _ = sandbox.edit(&Change::DeleteGroup { group: "devs".into() });
        }
        Trick::Pass
    };
    match no_live_state(planned(vanish).await.1) {
        fetch::Error::Surface(error) => assert_eq!(error.status(), Some(404), "{error}"),
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_not_empty() {
    for path in [MEMBERS, GROUPS, USERS, "/rest/api/3/user/groups", "/rest/api/3/myself"] {
        let refused = Trick::Instead(403, r#"{"errorMessages":["no"]}"#.to_owned());
        let error = no_live_state(planned(at(path, refused)).await.1);
        assert!(error.to_string().contains("not allowed: status 403, no"), "{path}: {error}");
        assert!(error.help().unwrap().contains("Browse users and groups"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_may_not_browse_has_no_live_state() {
    let browse = r#""description":"Browse users and groups","havePermission":true"#;
    let may_not = r#""description":"Browse users and groups","havePermission":false"#;
    let probe = at("/rest/api/3/mypermissions", Trick::Replace(browse, may_not));
    match no_live_state(planned(probe).await.1) {
        error @ fetch::Error::CannotBrowse { .. } => assert!(error.help().is_some()),
        other => panic!("{other}"),
    }
    // As the sandbox sees it: an account in no group that gives the right.
    let front = seeded(SEED, &Options::default());
    let leave = Change::RemoveMember { group: "site-admins".into(), user: ROOT.into() };
    front.sandbox.edit(&leave).unwrap();
    let error = no_live_state(plan(&surfaces(&front, 8), &tree()).await.map(|_| Vec::new()));
    assert!(error.to_string().contains("not allowed: status 403"), "{error}");
}

/// `/users/search` has no total: an empty site would have everybody invited again.
#[tokio::test(start_paused = true)]
async fn a_listing_of_users_that_lacks_the_reader_is_not_whole() {
    for answer in ["[]", r#"[{"accountId":"712020:x","accountType":"atlassian","active":true}]"#] {
        let error = no_live_state(planned(at(USERS, Trick::Instead(200, answer.to_owned()))).await.1);
        assert!(error.to_string().contains("the listing of every user lacks account"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_shape_is_no_listing() {
    for path in [MEMBERS, GROUPS, USERS] {
        for text in ["{}", "null", "[7]", r#"{"values":[{}]}"#, r#"{"values":null,"total":0,"isLast":true}"#]
        {
            let error = no_live_state(planned(at(path, Trick::Instead(200, text.to_owned()))).await.1);
            assert!(error.to_string().contains("not as documented"), "{path} {text}: {error}");
        }
        let page = Trick::Instead(200, "<html><title>Log in</title></html>".to_owned());
        let error = no_live_state(planned(at(path, page)).await.1);
        assert!(error.to_string().contains("got a web page"), "{path}: {error}");
        no_live_state(planned(at(path, Trick::BreakOff)).await.1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_without_an_answer_blocks_what_depends_on_it() {
    // Who may change the group is not known; the rest goes on.
    let picker = at("/rest/api/3/groups/picker", Trick::Instead(500, String::new()));
    let (_, answer) = planned(picker).await;
    assert_eq!(answer.unwrap(), ["remove user.cy@acme.com", "invite user.new@acme.com"]);
    // The groups of somebody who is to leave: the second time that groups of an account are asked for.
    let leaver = |sandbox: &Sandbox, asked: &Asked| {
        let own = sandbox.requests().count("GET /rest/api/3/user/groups") == 0;
        let here = asked.path == "/rest/api/3/user/groups" && !own;
        if here { Trick::Instead(404, String::new()) } else { Trick::Pass }
    };
    let (_, answer) = planned(leaver).await;
    assert_eq!(answer.unwrap(), WHOLE[1..]);
}

/// One bad answer is not the end: a read is repeated, and the plan is the same.
#[tokio::test(start_paused = true)]
async fn a_read_that_fails_once_is_repeated() {
    let calm = planned(|_, _| Trick::Pass).await.1.unwrap();
    for route in
        ["GET /rest/api/3/group/member", "GET /rest/api/3/group/bulk", "GET /rest/api/3/users/search"]
    {
        for failure in [
            Failure::html(http::StatusCode::BAD_GATEWAY),
            Failure::html(http::StatusCode::OK),
            Failure::Truncated,
            Failure::instead(
                http::StatusCode::TOO_MANY_REQUESTS,
                &[("retry-after", "3")],
                "local_rate_limited",
            ),
        ] {
            let front = seeded(SEED, &Options::default());
            front.fail_next(route, failure.clone());
            let plan = plan(&surfaces(&front, 8), &tree()).await;
            let plan = plan.unwrap_or_else(|error| panic!("{route} {failure:?}: {error:?}"));
            let keys: Vec<String> = plan.operations.iter().map(|planned| planned.key.to_string()).collect();
            assert_eq!(keys, calm);
        }
    }
}

/// There is no snapshot to compare with yet (`suspicious-read`, docs/design.md#whole-or-nothing), so that a group that
/// was full and now says of itself that it has nobody is believed: nothing can be revoked from it, and all are added.
#[tokio::test(start_paused = true)]
async fn a_group_that_counts_nobody_is_believed_to_be_empty() {
    let empty = r#"{"self":"","maxResults":50,"startAt":0,"total":0,"isLast":true,"values":[]}"#;
    let (_, answer) = planned(at(MEMBERS, Trick::Instead(200, empty.to_owned()))).await;
    let keys = [
        "remove user.cy@acme.com",
        "invite user.new@acme.com",
        "add member.devs/ada@acme.com",
        "add member.devs/new@acme.com",
    ];
    assert_eq!(answer.unwrap(), keys);
}
