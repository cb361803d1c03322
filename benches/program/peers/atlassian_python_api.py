"""What a careful person writes with atlassian-python-api: one request after the other.

TASK names a JSON file: `groups`, ids whose members are read, or `add`, pairs of a group and an account to be added. It
prints how many memberships it read or added, and the seconds that took.
"""

import json
import os
import time

from atlassian.jira import JiraCloud

PAGE = 50
VARIABLES = ("ROLLBOOK_ENDPOINT_SITE", "ROLLBOOK_EMAIL", "ROLLBOOK_API_TOKEN")

site, email, token = (os.environ[name] for name in VARIABLES)
jira = JiraCloud(url=site, username=email, password=token, api_version=3)
with open(os.environ["TASK"], encoding="utf-8") as file:
    task = json.load(file)

count = 0
start = time.perf_counter()
for group in task.get("groups", []):
    first, last = 0, False
    while not last:
        page = jira.get_users_from_group(
            group_id=group, include_inactive_users=True, start_at=first, max_results=PAGE
        )
        count += len(page["values"])
        first, last = first + len(page["values"]), page["isLast"]
for group, account in task.get("add", []):
    jira.add_user_to_group(group_id=group, data={"accountId": account})
    count += 1
print(count, time.perf_counter() - start)
