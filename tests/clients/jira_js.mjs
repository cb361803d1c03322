// Uses the sandbox with npm's jira.js, which knows nothing of Rollbook.
//
// Takes from the environment what `rollbook sandbox` says to export, GROUP, the name of a group with more than 50
// members so that paging is seen, and ACCOUNT_ID, an account that is not in it. Leaves the group as it was.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

// By way of `require`, so that NODE_PATH may say where jira.js is installed.
const { Version3Client } = createRequire(import.meta.url)("jira.js");

const { ROLLBOOK_ENDPOINT_SITE: host, ROLLBOOK_EMAIL: email, ROLLBOOK_API_TOKEN: apiToken } = process.env;
const { GROUP, ACCOUNT_ID: accountId } = process.env;
const jira = new Version3Client({ host, authentication: { basic: { email, apiToken } } });

// Everybody in a group, page after page; nobody may come twice.
async function members(groupId) {
  const found = [];
  let page;
  do {
    const question = { groupId, includeInactiveUsers: true, startAt: found.length, maxResults: 1000 };
    page = await jira.groups.getUsersFromGroup(question);
    assert(page.isLast || page.values.length > 0, "a page that is empty and not the last");
    found.push(...page.values.map((user) => user.accountId));
  } while (!page.isLast);
  assert.equal(found.length, page.total);
  assert.equal(new Set(found).size, found.length);
  return found.sort();
}

assert.equal((await jira.myself.getCurrentUser()).emailAddress, email);
const groups = (await jira.groups.bulkGetGroups({ maxResults: 1000 })).values;
const { groupId } = groups.find((group) => group.name === GROUP);
const before = await members(groupId);
assert(!before.includes(accountId), "the account must not be a member");

await jira.groups.addUserToGroup({ groupId, accountId });
assert.deepEqual(await members(groupId), [...before, accountId].sort());
await assert.rejects(jira.groups.addUserToGroup({ groupId, accountId }), (error) =>
  JSON.stringify(error.response ?? error).includes("already a member"),
);

await jira.groups.removeUserFromGroup({ groupId, accountId });
assert.deepEqual(await members(groupId), before);
await assert.rejects(jira.groups.removeUserFromGroup({ groupId, accountId }), (error) =>
  JSON.stringify(error.response ?? error).includes("not a member of"),
);

console.log(`ok jira.js: ${groups.length} groups, ${before.length} members of ${GROUP}, added and removed one`);
