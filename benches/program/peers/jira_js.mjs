// What a careful person writes with npm's jira.js: every page after the first at once, and POOL requests under way.
//
// TASK names a JSON file: `groups`, ids whose members are read, or `add`, pairs of a group and an account to be added.
// It prints how many memberships it read or added, and the seconds that took.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";

// By way of `require`, so that NODE_PATH may say where jira.js is installed.
const { Version3Client } = createRequire(import.meta.url)("jira.js");

const { ROLLBOOK_ENDPOINT_SITE: host, ROLLBOOK_EMAIL: email, ROLLBOOK_API_TOKEN: apiToken } = process.env;
const jira = new Version3Client({ host, authentication: { basic: { email, apiToken } } });
const { groups = [], add = [] } = JSON.parse(readFileSync(process.env.TASK));
const PAGE = 50;

const queue = [];
let running = 0;
let done;
const all = new Promise((resolve) => (done = resolve));
function next() {
  while (running < Number(process.env.POOL) && queue.length > 0) {
    running += 1;
    queue.shift()().then(() => {
      running -= 1;
      next();
    });
  }
  if (running === 0 && queue.length === 0) done();
}

let count = 0;
const start = performance.now();
for (const groupId of groups) {
  const page = (startAt) =>
    jira.groups.getUsersFromGroup({ groupId, includeInactiveUsers: true, startAt, maxResults: PAGE });
  queue.push(async () => {
    const first = await page(0);
    count += first.values.length;
    for (let startAt = PAGE; startAt < first.total; startAt += PAGE) {
      queue.push(async () => {
        const { values } = await page(startAt);
        count += values.length;
      });
    }
  });
}
for (const [groupId, accountId] of add) {
  queue.push(async () => {
    await jira.groups.addUserToGroup({ groupId, accountId });
    count += 1;
  });
}
next();
await all;
console.log(count, (performance.now() - start) / 1000);
