//! GitHub's comments and issues.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{User, login};
use crate::platform::client::Ignored;
use crate::platform::error::{Error, Lacking};
use crate::platform::issues::Issue;
use crate::platform::service::{Comment, Service, part};

#[derive(Deserialize)]
struct Remark {
    id: u64,
    /// `None` if the account was deleted.
    user: Option<User>,
    body: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    number: u64,
    user: Option<User>,
    body: Option<String>,
    /// Present if it is a pull request.
    pull_request: Option<Ignored>,
}

impl Remark {
    fn comment(self) -> Comment {
        let author = login(self.user).unwrap_or_default();
        Comment { id: self.id, author, body: self.body.unwrap_or_default() }
    }
}

/// `GET /repos/{owner}/{repo}/issues/{issue_number}/comments`.
pub(in crate::platform) async fn comments(service: &Service, number: u64) -> Result<Vec<Comment>, Error> {
    let path = service.at(&format!("/issues/{number}/comments"));
    let all: Vec<Remark> = service.client.list(&path, Lacking::Comments).await?;
    Ok(all.into_iter().map(Remark::comment).collect())
}

/// `POST /repos/{owner}/{repo}/issues/{issue_number}/comments`.
pub(in crate::platform) async fn comment(
    service: &Service,
    number: u64,
    body: &str,
) -> Result<Comment, Error> {
    let path = service.at(&format!("/issues/{number}/comments"));
    let made: Remark =
        service.client.write(Method::POST, &path, &json!({ "body": body }), Lacking::Comments).await?;
    Ok(made.comment())
}

/// `PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}`.
pub(in crate::platform) async fn edit_comment(service: &Service, id: u64, body: &str) -> Result<(), Error> {
    let path = service.at(&format!("/issues/comments/{id}"));
    let _: Ignored =
        service.client.write(Method::PATCH, &path, &json!({ "body": body }), Lacking::Comments).await?;
    Ok(())
}

/// `DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}`.
pub(in crate::platform) async fn delete_comment(service: &Service, id: u64) -> Result<(), Error> {
    service.client.delete(&service.at(&format!("/issues/comments/{id}")), Lacking::Comments).await
}

/// `GET /repos/{owner}/{repo}/issues?creator=…`, which also lists pull requests.
pub(in crate::platform) async fn issues(service: &Service, author: &str) -> Result<Vec<Issue>, Error> {
    let path = service.at(&format!("/issues?state=open&creator={}", part(author)));
    let all: Vec<Entry> = service.client.list(&path, Lacking::Issues).await?;
    let issue = |it: Entry| {
        let author = login(it.user).unwrap_or_default();
        Issue { number: it.number, author, body: it.body.unwrap_or_default() }
    };
    Ok(all.into_iter().filter(|it| it.pull_request.is_none()).map(issue).collect())
}

/// `POST /repos/{owner}/{repo}/issues`.
pub(in crate::platform) async fn open_issue(
    service: &Service,
    title: &str,
    body: &str,
) -> Result<u64, Error> {
    let body = json!({ "title": title, "body": body });
    let made: Entry =
        service.client.write(Method::POST, &service.at("/issues"), &body, Lacking::Issues).await?;
    Ok(made.number)
}

/// `PATCH /repos/{owner}/{repo}/issues/{issue_number}`.
pub(in crate::platform) async fn edit_issue(
    service: &Service,
    number: u64,
    title: &str,
    body: &str,
) -> Result<(), Error> {
    patch_issue(service, number, &json!({ "title": title, "body": body })).await
}

/// `PATCH /repos/{owner}/{repo}/issues/{issue_number}`.
pub(in crate::platform) async fn close_issue(service: &Service, number: u64) -> Result<(), Error> {
    patch_issue(service, number, &json!({ "state": "closed", "state_reason": "completed" })).await
}

async fn patch_issue(service: &Service, number: u64, body: &Value) -> Result<(), Error> {
    let path = service.at(&format!("/issues/{number}"));
    let _: Ignored = service.client.write(Method::PATCH, &path, body, Lacking::Issues).await?;
    Ok(())
}
