"""Uses the sandbox with PyPI's jira, which knows nothing of Rollbook: versions `2` and `latest` of Jira's API.

Takes from the environment what `rollbook sandbox` says to export, GROUP, the name of a group with more than 50
members so that paging is seen, and ACCOUNT_ID, an account that is not in it. Leaves the site as it was.
"""

import json
import os

from jira import JIRA, JIRAError

VARIABLES = ("ROLLBOOK_ENDPOINT_SITE", "ROLLBOOK_EMAIL", "ROLLBOOK_API_TOKEN")
site, email, token = (os.environ[name] for name in VARIABLES)
name, account = os.environ["GROUP"], os.environ["ACCOUNT_ID"]
jira = JIRA(site, basic_auth=(email, token), max_retries=0)


def refusal(call):
    """The status of a call that must fail."""
    try:
        call()
    except JIRAError as error:
        return error.status_code
    raise AssertionError("expected a refusal")


def by_account(method, params, **more):
    """A request to `/rest/api/latest/group/user` in terms of account ids, which this client does not know."""
    return getattr(jira._session, method)(jira._get_latest_url("group/user"), params=params, **more)


assert jira.server_info()["deploymentType"] == "Cloud"
me = jira.myself()
assert me["emailAddress"] == email
assert me["self"].startswith(f"{site}/rest/api/2/user?"), me["self"]
assert jira.user(account).accountId == account
assert [user.accountId for user in jira.search_users(query=email)] == [me["accountId"]]

before = jira.group_members(name)
assert len(before) > 50 and account not in before, (len(before), account)
assert name in jira.groups(query=name)

# What the client sends names nobody by account id, so a real site refuses it, and so does the sandbox.
assert refusal(lambda: jira.add_user_to_group(account, name)) == 404
assert refusal(lambda: jira.remove_user_from_group(account, name)) == 400

made = by_account("post", {"groupname": name}, data=json.dumps({"accountId": account})).json()
assert made["self"].startswith(f"{site}/rest/api/latest/group?"), made["self"]
assert set(jira.group_members(name)) == set(before) | {account}
by_account("delete", {"groupname": name, "accountId": account})
assert jira.group_members(name) == before

new = "made by jira"
assert jira.add_group(new) and new in jira.groups(query=new)
assert jira.group_members(new) == {}
assert refusal(lambda: jira.add_group(new)) == 400
assert jira.remove_group(new) and new not in jira.groups(query=new)

print(f"ok jira: {len(before)} members of {name}, added and removed one, created and deleted a group")
