//! Tries each credential with reads only, and reports what it can do.

use std::collections::BTreeSet;

use tokio::join;

use crate::atlassian::{self, CredentialKind, Jira, Management, Organization, Scim, Surfaces};
use crate::model::{
    AccountId, Authority, Declaration, Diagnosis, Email, ErrorExt, Health, JiraRights, PlatformRole, Surface,
    UserStatus,
};

/// How long the credentials of a kind last (docs/atlassian.md#credential-lifetimes). No API that Rollbook calls says
/// when one of them ends.
const TOKEN_LIFE: &str = "an API token lasts a year at most; id.atlassian.com shows when this one ends";
const KEY_LIFE: &str = "an organization's API key lasts one week unless another day was chosen, and a year at most; \
                        admin.atlassian.com shows when this one ends";
const LOGIN_LIFE: &str = "a login ends after 90 days without a run, and 365 days after the consent; `rollbook login --status` shows \
                          when";
/// The same of SCIM (support.atlassian.com "Manage SCIM API key expiration").
const DIRECTORY_KEY_LIFE: &str = "a SCIM directory's key that was made since January 2025 lasts a year; admin.atlassian.com \
                                  shows when this one ends, and making a new one ends it at once";

/// Tries every credential.
pub async fn diagnoses(surfaces: &Surfaces, declaration: &Declaration) -> Vec<Diagnosis> {
    let operator = declaration.settings.operator.as_ref().map(|operator| &operator.value);
    let (jira, (organization, account)) =
        join!(jira(surfaces.jira.as_ref()), organization(surfaces.organization.as_ref(), operator));
    let acting = account.or(jira.1);
    let (management, scim) = join!(
        management(surfaces.management.as_ref(), acting.as_ref()),
        scim(surfaces.scim.as_ref(), declaration, operator)
    );
    let mut diagnoses = vec![jira.0, organization, management, scim];
    if let Some(off) = surfaces.clock_off()
        && let Some(works) = diagnoses.iter_mut().find(|diagnosis| diagnosis.state == Health::Works)
    {
        let hours = off.abs().as_hours();
        let way = if off.is_negative() { "ahead of" } else { "behind" };
        works.lacks.push(format!(
            "This machine's clock is {hours} hours {way} Atlassian's: set it, or pass the date with `--today`, since it decides when \
             `until` dates expire"
        ));
    }
    diagnoses
}

async fn jira(jira: Option<&Jira>) -> (Diagnosis, Option<AccountId>) {
    let surface = Surface::Jira;
    let Some(jira) = jira else {
        let lacks =
            ["Apps, service accounts, some admin groups, seats and default groups of apps are not shown"];
        return (Diagnosis::absent(surface, &lacks), None);
    };
    match jira.rights().await {
        Ok(rights) => {
            let acting = rights.acting.id.clone();
            let expires = match jira.client().credential() {
                CredentialKind::Classic | CredentialKind::Scoped => Some(TOKEN_LIFE),
                CredentialKind::Login => Some(LOGIN_LIFE),
                CredentialKind::Nothing
                | CredentialKind::Bearer
                | CredentialKind::ClientCredentials
                | CredentialKind::ApiKey
                | CredentialKind::DirectoryKey
                | CredentialKind::DirectoryClient => None,
            };
            (Diagnosis { expires, ..rights_of(&rights) }, Some(acting))
        }
        Err(error) => (failed(surface, &error), None),
    }
}

fn rights_of(rights: &JiraRights) -> Diagnosis {
    let mut facts = vec![format!("It acts as {} ({})", rights.acting.name, rights.acting.id)];
    let mut lacks = Vec::new();
    let mut right = |has: bool, can: &str, cannot: &str| {
        if has { facts.push(can.to_owned()) } else { lacks.push(cannot.to_owned()) }
    };
    right(
        rights.browse_users,
        "It may browse users and groups: it can plan",
        "It may not browse users and groups, so nothing can be planned",
    );
    right(
        rights.site_admin,
        "It is a site administrator: it can apply",
        "It is not a site administrator: it can plan, but not apply",
    );
    right(
        rights.administer,
        "It administers Jira: seats, and the apps that groups give, are shown",
        "It does not administer Jira: seats, and the apps that groups give, are not shown, and no group is deleted",
    );
    Diagnosis { surface: Surface::Jira, state: Health::Works, facts, lacks, expires: None }
}

/// Tries the organization's key, and returns the account of the operator if it finds it.
async fn organization(
    organization: Option<&Organization>,
    operator: Option<&Email>,
) -> (Diagnosis, Option<AccountId>) {
    let surface = Surface::Organization;
    let Some(organization) = organization else {
        let lacks = [
            "Hidden emails are found only by pins, the lock and exports",
            "Nobody is suspended or restored, and every invitation sends a mail",
        ];
        return (Diagnosis::absent(surface, &lacks), None);
    };
    match facts_of(organization, operator).await {
        Ok((facts, account)) => {
            let mut lacks = vec!["Only the first write shows whether it can write".to_owned()];
            if operator.is_none() {
                lacks.push("`operator` is not set, so nothing is applied with it".to_owned());
            }
            let state = Health::Works;
            (Diagnosis { surface, state, facts, lacks, expires: Some(KEY_LIFE) }, account)
        }
        Err(error) => (failed(surface, &error), None),
    }
}

async fn facts_of(
    organization: &Organization,
    operator: Option<&Email>,
) -> Result<(Vec<String>, Option<AccountId>), atlassian::Error> {
    let place = organization.place().await?;
    let mut facts =
        vec![format!("It manages directory {} of organization {}", place.directory, place.organization)];
    let domains = organization.verified_domains().await?;
    facts.push(match domains.len() {
        0 => "The organization has verified no domain".into(),
        _ => format!("Verified domains: {}", domains.into_iter().collect::<Vec<_>>().join(", ")),
    });
    let admins = organization.with_role(&PlatformRole::OrganizationAdmin).await?;
    let active: BTreeSet<AccountId> = admins
        .into_iter()
        .filter(|admin| admin.status == UserStatus::Active)
        .map(|admin| admin.account)
        .collect();
    facts.push(format!("Active organization administrators: {}", active.len()));
    let Some(operator) = operator else { return Ok((facts, None)) };
    let found = organization.find_by_email(std::slice::from_ref(operator)).await?;
    let account = found.into_iter().find(|person| person.email.as_ref() == Some(operator));
    facts.push(match &account {
        Some(person) if active.contains(&person.account) => {
            format!("The operator {operator} is an organization administrator")
        }
        Some(person) => {
            format!("The operator {operator} ({}) is not an organization administrator", person.account)
        }
        None => format!("The operator {operator} was not found"),
    });
    Ok((facts, account.map(|person| person.account)))
}

async fn management(management: Option<&Management>, account: Option<&AccountId>) -> Diagnosis {
    let surface = Surface::UserManagement;
    let Some(management) = management else {
        return Diagnosis::absent(surface, &["No managed account is deactivated or activated"]);
    };
    let diagnosis =
        |facts, lacks| Diagnosis { surface, state: Health::Works, facts, lacks, expires: Some(KEY_LIFE) };
    let Some(account) = account else {
        return diagnosis(Vec::new(), vec!["There is no known account to try it with".to_owned()]);
    };
    match management.privileges(account).await {
        Ok(privileges) => {
            let managed = if privileges.managed { "is" } else { "is not" };
            diagnosis(
                vec![format!("It answers: account {account} {managed} the organization's to manage")],
                Vec::new(),
            )
        }
        Err(error) => failed(surface, &error),
    }
}

async fn scim(scim: Option<&Scim>, declaration: &Declaration, operator: Option<&Email>) -> Diagnosis {
    let surface = Surface::Scim;
    let Some(scim) = scim else {
        return Diagnosis::absent(surface, &["Groups and people that a SCIM directory owns are not changed"]);
    };
    let anybody = Email::parse("nobody@example.com").ok();
    let Some(asked) = operator.or(anybody.as_ref()) else { return Diagnosis::absent(surface, &[]) };
    match scim.user_named(asked).await {
        Ok(found) => {
            let mut facts = vec!["It reads the directory".to_owned()];
            facts.extend(found.map(|user| format!("{asked} is its user {}", user.id)));
            let authority = declaration.settings.scim.as_ref().map(|scim| scim.authority);
            let lacks = match authority {
                Some(Authority::Rollbook) => Vec::new(),
                Some(Authority::IdentityProvider) | None => {
                    vec!["`authority` is `identity-provider`: nothing is written to it".to_owned()]
                }
            };
            let expires =
                (scim.client().credential() == CredentialKind::DirectoryKey).then_some(DIRECTORY_KEY_LIFE);
            Diagnosis { surface, state: Health::Works, facts, lacks, expires }
        }
        Err(error) => failed(surface, &error),
    }
}

fn failed(surface: Surface, error: &atlassian::Error) -> Diagnosis {
    let state = Health::Fails { why: error.chain(), help: error.help() };
    Diagnosis { surface, state, facts: Vec::new(), lacks: Vec::new(), expires: None }
}
