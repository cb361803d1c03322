//! Bitbucket's comments.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::User;
use crate::platform::client::Ignored;
use crate::platform::error::{Error, Lacking};
use crate::platform::service::{Comment, Service};

#[derive(Deserialize)]
struct Remark {
    id: u64,
    content: Content,
    user: Option<User>,
    deleted: Option<bool>,
}

#[derive(Deserialize)]
struct Content {
    raw: Option<String>,
}

impl Remark {
    fn comment(self) -> Comment {
        let author = self.user.and_then(|user| user.uuid).unwrap_or_default();
        Comment { id: self.id, author, body: self.content.raw.unwrap_or_default() }
    }
}

/// `GET /user`. A repository's access token has no permission for it.
pub(in crate::platform) async fn me(service: &Service) -> Result<Option<String>, Error> {
    match service.client.get::<User>("/user", Lacking::Comments).await {
        Ok(user) => Ok(user.uuid),
        Err(Error::Refused { status: 401 | 403 | 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn path(service: &Service, number: u64, rest: &str) -> String {
    service.of_repository(&format!("/pullrequests/{number}/comments{rest}"))
}

/// `GET /repositories/{workspace}/{repo_slug}/pullrequests/{id}/comments`, which also lists deleted ones.
pub(in crate::platform) async fn comments(service: &Service, number: u64) -> Result<Vec<Comment>, Error> {
    let all: Vec<Remark> = service.client.list(&path(service, number, ""), Lacking::Comments).await?;
    Ok(all.into_iter().filter(|it| it.deleted != Some(true)).map(Remark::comment).collect())
}

/// `POST /repositories/{workspace}/{repo_slug}/pullrequests/{id}/comments`.
pub(in crate::platform) async fn comment(
    service: &Service,
    number: u64,
    body: &str,
) -> Result<Comment, Error> {
    let content = json!({ "content": { "raw": body } });
    let made: Remark =
        service.client.write(Method::POST, &path(service, number, ""), &content, Lacking::Comments).await?;
    Ok(made.comment())
}

/// `PUT /repositories/{workspace}/{repo_slug}/pullrequests/{id}/comments/{comment_id}`.
pub(in crate::platform) async fn edit_comment(
    service: &Service,
    number: u64,
    id: u64,
    body: &str,
) -> Result<(), Error> {
    let path = path(service, number, &format!("/{id}"));
    let content = json!({ "content": { "raw": body } });
    let _: Ignored = service.client.write(Method::PUT, &path, &content, Lacking::Comments).await?;
    Ok(())
}

/// `DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{id}/comments/{comment_id}`.
pub(in crate::platform) async fn delete_comment(
    service: &Service,
    number: u64,
    id: u64,
) -> Result<(), Error> {
    service.client.delete(&path(service, number, &format!("/{id}")), Lacking::Comments).await
}
