//! GitLab's notes and issues.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::platform::client::Ignored;
use crate::platform::error::{Error, Lacking};
use crate::platform::issues::Issue;
use crate::platform::service::{Comment, Service, part};

#[derive(Deserialize)]
struct Account {
    id: u64,
}

#[derive(Deserialize)]
struct Note {
    id: u64,
    body: String,
    author: Account,
    system: bool,
}

#[derive(Deserialize)]
struct Entry {
    iid: u64,
    description: Option<String>,
    author: Account,
}

impl Note {
    fn comment(self) -> Comment {
        Comment { id: self.id, author: self.author.id.to_string(), body: self.body }
    }
}

/// `GET /user`: a project access token acts as a separate account.
pub(in crate::platform) async fn me(service: &Service) -> Result<Option<String>, Error> {
    let account: Account = service.client.get("/user", Lacking::Comments).await?;
    Ok(Some(account.id.to_string()))
}

/// `GET /projects/:id/merge_requests/:iid/notes`.
pub(in crate::platform) async fn comments(service: &Service, number: u64) -> Result<Vec<Comment>, Error> {
    let path = service.of_project(&format!("/merge_requests/{number}/notes"));
    let notes: Vec<Note> = service.client.list(&path, Lacking::Comments).await?;
    Ok(notes.into_iter().filter(|note| !note.system).map(Note::comment).collect())
}

/// `POST /projects/:id/merge_requests/:iid/notes`.
pub(in crate::platform) async fn comment(
    service: &Service,
    number: u64,
    body: &str,
) -> Result<Comment, Error> {
    let path = service.of_project(&format!("/merge_requests/{number}/notes"));
    let made: Note =
        service.client.write(Method::POST, &path, &json!({ "body": body }), Lacking::Comments).await?;
    Ok(made.comment())
}

/// `PUT /projects/:id/merge_requests/:iid/notes/:id`.
pub(in crate::platform) async fn edit_comment(
    service: &Service,
    number: u64,
    id: u64,
    body: &str,
) -> Result<(), Error> {
    let path = service.of_project(&format!("/merge_requests/{number}/notes/{id}"));
    let _: Ignored =
        service.client.write(Method::PUT, &path, &json!({ "body": body }), Lacking::Comments).await?;
    Ok(())
}

/// `DELETE /projects/:id/merge_requests/:iid/notes/:id`.
pub(in crate::platform) async fn delete_comment(
    service: &Service,
    number: u64,
    id: u64,
) -> Result<(), Error> {
    let path = service.of_project(&format!("/merge_requests/{number}/notes/{id}"));
    service.client.delete(&path, Lacking::Comments).await
}

/// `GET /projects/:id/issues?author_id=…`.
pub(in crate::platform) async fn issues(service: &Service, author: &str) -> Result<Vec<Issue>, Error> {
    let path = service.of_project(&format!("/issues?state=opened&scope=all&author_id={}", part(author)));
    let all: Vec<Entry> = service.client.list(&path, Lacking::Issues).await?;
    let issue = |it: Entry| Issue {
        number: it.iid,
        author: it.author.id.to_string(),
        body: it.description.unwrap_or_default(),
    };
    Ok(all.into_iter().map(issue).collect())
}

/// `POST /projects/:id/issues`.
pub(in crate::platform) async fn open_issue(
    service: &Service,
    title: &str,
    body: &str,
) -> Result<u64, Error> {
    let body = json!({ "title": title, "description": body });
    let path = service.of_project("/issues");
    let made: Entry = service.client.write(Method::POST, &path, &body, Lacking::Issues).await?;
    Ok(made.iid)
}

/// `PUT /projects/:id/issues/:iid`.
pub(in crate::platform) async fn edit_issue(
    service: &Service,
    number: u64,
    title: &str,
    body: &str,
) -> Result<(), Error> {
    put_issue(service, number, &json!({ "title": title, "description": body })).await
}

/// `PUT /projects/:id/issues/:iid`.
pub(in crate::platform) async fn close_issue(service: &Service, number: u64) -> Result<(), Error> {
    put_issue(service, number, &json!({ "state_event": "close" })).await
}

async fn put_issue(service: &Service, number: u64, body: &Value) -> Result<(), Error> {
    let path = service.of_project(&format!("/issues/{number}"));
    let _: Ignored = service.client.write(Method::PUT, &path, body, Lacking::Issues).await?;
    Ok(())
}
