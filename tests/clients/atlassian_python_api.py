"""Uses the sandbox with PyPI's atlassian-python-api, which knows nothing of Rollbook.

Takes from the environment what `rollbook sandbox` says to export, GROUP, the name of a group with more than 50
members so that paging is seen, and ACCOUNT_ID, an account that is not in it. Leaves the group as it was.
"""

import os

from atlassian.jira import JiraCloud
from requests import HTTPError

VARIABLES = ("ROLLBOOK_ENDPOINT_SITE", "ROLLBOOK_EMAIL", "ROLLBOOK_API_TOKEN")
site, email, token = (os.environ[name] for name in VARIABLES)
name, account = os.environ["GROUP"], os.environ["ACCOUNT_ID"]
jira = JiraCloud(url=site, username=email, password=token, api_version=3)


def members(group_id):
    """Everybody in a group, page after page; nobody may come twice."""
    found, start, last = [], 0, False
    while not last:
        page = jira.get_users_from_group(
            group_id=group_id, include_inactive_users=True, start_at=start, max_results=1000
        )
        found += [user["accountId"] for user in page["values"]]
        assert page["isLast"] or page["values"], "a page that is empty and not the last"
        start, last = start + len(page["values"]), page["isLast"]
    assert len(found) == len(set(found)) == page["total"], (len(found), page["total"])
    return set(found)


def refusal(call):
    """The status and text of a call that must fail."""
    try:
        call()
    except HTTPError as error:
        return f"{error.response.status_code} {error}"
    raise AssertionError("expected a refusal")


assert jira.get_current_user()["emailAddress"] == email
groups = {group["name"]: group["groupId"] for group in jira.bulk_get_groups(max_results=1000)["values"]}
group_id = groups[name]
before = members(group_id)
assert account not in before, "the account must not be a member"

jira.add_user_to_group(group_id=group_id, data={"accountId": account})
assert members(group_id) == before | {account}
again = refusal(lambda: jira.add_user_to_group(group_id=group_id, data={"accountId": account}))
assert "already a member" in again, again

jira.remove_user_from_group(group_id=group_id, account_id=account)
assert members(group_id) == before
again = refusal(lambda: jira.remove_user_from_group(group_id=group_id, account_id=account))
assert "not a member of" in again, again

print(f"ok atlassian-python-api: {len(groups)} groups, {len(before)} members of {name}, added and removed one")
