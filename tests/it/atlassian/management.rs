//! The surface `user-management` against small routers in this process.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::sync::Arc;

use rollbook::atlassian::{Error, Management};
use rollbook::model::{AccountId, ErrorExt as _, Privileges, Restriction};

use crate::atlassian::organization::key;
use crate::atlassian::{Peer, client_with, json};

async fn asked(status: u16, body: &'static str) -> Result<Privileges, Error> {
    let router = Peer::default().router(move |_| json(status, body));
    Management::new(Arc::new(client_with(router, key()))).privileges(&AccountId::new("712020:a")).await
}

#[tokio::test(start_paused = true)]
async fn says_what_may_be_done_to_an_account() {
    let (yes, no) = (
        r#"{"lifecycle.enablement":{"allowed":true},"email.set":{"allowed":true},"profile.write":{"name":{"allowed":true}}}"#,
        true,
    );
    let told = |may_disable, scim_owned, managed| Privileges { may_disable, scim_owned, managed };
    assert_eq!(asked(200, yes).await.unwrap(), told(Ok(()), !no, true));
    for (status, body, expected) in [
        (
            200,
            r#"{"lifecycle.enablement":{"allowed":false,"reason":{"key":"externalDirectory.scim"}}}"#,
            told(Err(Restriction::Scim), true, true),
        ),
        (
            200,
            r#"{"lifecycle.enablement":{"allowed":true},"profile.write":{"name":{"allowed":false,"reason":{"key":"externalDirectory.scim"}}}}"#,
            told(Ok(()), true, true),
        ),
        (
            200,
            r#"{"lifecycle.enablement":{"allowed":false,"reason":{"key":"administrative.notMyself"}}}"#,
            told(Err(Restriction::Myself), false, true),
        ),
        (
            200,
            r#"{"lifecycle.enablement":{"allowed":false,"reason":{"key":"managedAccount"}}}"#,
            told(Err(Restriction::ManagedElsewhere), false, false),
        ),
        (
            200,
            r#"{"lifecycle.enablement":{"allowed":false,"reason":{"key":"new.one"}}}"#,
            told(Err(Restriction::Other("new.one".into())), false, true),
        ),
        (200, r#"{"email.set":{"allowed":true}}"#, told(Err(Restriction::NotReported), false, true)),
        (
            403,
            r#"{"key":"forbidden.unclaimedDomain","context":"x"}"#,
            told(Err(Restriction::NotManaged), false, false),
        ),
        (
            403,
            r#"{"key":"forbidden.action","context":{"allowed":false,"reason":{"key":"externalDirectory.scim"}}}"#,
            told(Err(Restriction::Scim), true, true),
        ),
        (
            403,
            r#"{"key":"forbidden.action","context":"who knows"}"#,
            told(Err(Restriction::NotReported), false, false),
        ),
        (
            404,
            r#"{"key":"accountNotFound","context":"User account not found"}"#,
            told(Err(Restriction::Other("User account not found".into())), false, false),
        ),
        (403, r#"{"key":"forbidden.targetUnverified"}"#, told(Err(Restriction::Unverified), false, false)),
        (404, r#"{"key":"accountNotFound"}"#, told(Err(Restriction::NotManaged), false, false)),
    ] {
        assert_eq!(asked(status, body).await.unwrap(), expected, "{body}");
    }
    // What is about the credential, or about nothing that is known, is not an answer.
    for (status, body) in [
        (401, r#"{"key":"forbidden"}"#),
        (403, r#"{"key":"forbidden"}"#),
        (403, r#"{"errors":[{"code":"ADMIN-UAM-403-1"}]}"#),
        (403, ""),
        (404, r#"{"key":"notFound"}"#),
        (404, "not found"),
        (200, r#"{"lifecycle.enablement":true}"#),
    ] {
        assert!(asked(status, body).await.is_err(), "{status} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_in_the_apis_words() {
    let error = asked(409, r#"{"key":"conflict.lifecycleErrors","context":{"message":"Not eligible","accountId":"a","errorCodes":[{"code":"DELETION_PENDING","message":"to be deleted"}]}}"#)
        .await
        .unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("conflict.lifecycleErrors; Not eligible; DELETION_PENDING; to be deleted"),
        "{told}"
    );
    let error = asked(403, r#"{"key":"forbidden","context":"Caller must be a verified org admin of targeted account","errorKey":"forbidden","errorDetail":"Error: Caller must be a verified org admin of targeted account"}"#)
        .await
        .unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("403, forbidden; Error: Caller must be a verified org admin of targeted account"),
        "{told}"
    );
    assert_eq!(told.matches("Caller must").count(), 1, "what is said twice is shown once: {told}");
    let scoped = asked(403, r#"{"key":"forbidden","errorDetail":"Error: missing scope manage:org"}"#)
        .await
        .unwrap_err();
    assert!(scoped.help().unwrap().contains("without scopes"), "{scoped}");
    let error = asked(401, "").await.unwrap_err();
    assert!(error.help().unwrap().contains("one week"), "{error}");
}
