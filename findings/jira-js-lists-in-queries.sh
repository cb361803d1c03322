#!/usr/bin/env bash
# jira.js 5.4.0 (npm): a parameter that takes several ids is documented to stand once for each of them
# (`accountId=a&accountId=b`, `groupId=1&groupId=2`:
# https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-users/#api-rest-api-3-user-bulk-get and
# https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-groups/#api-rest-api-3-group-bulk-get). The client writes
# it in two other ways: users as one id with an encoded `&accountId=` in it, groups as one id with a comma.
#
# Seen on 2026-11-30:
#   /rest/api/3/user/bulk?accountId=a%26accountId%3Db
#   /rest/api/3/group/bulk?groupId=1,2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error jira.js@5.4.0 >/dev/null
cat >"$folder/ask.mjs" <<'JS'
import http from 'node:http';
import { Version3Client } from 'jira.js';

const site = http.createServer((request, answer) => {
  console.log(request.url);
  answer.setHeader('Content-Type', 'application/json');
  answer.end('{"values":[]}');
});
await new Promise((listening) => site.listen(0, '127.0.0.1', listening));
const client = new Version3Client({
  host: `http://127.0.0.1:${site.address().port}`,
  authentication: { basic: { email: 'ada@acme.example', apiToken: 'token' } },
});
await client.users.bulkGetUsers({ accountId: ['a', 'b'] });
await client.groups.bulkGetGroups({ groupId: ['1', '2'] });
site.closeAllConnections();
site.close();
JS
seen=$(node "$folder/ask.mjs")
echo "$seen"
[ "$seen" = '/rest/api/3/user/bulk?accountId=a%26accountId%3Db
/rest/api/3/group/bulk?groupId=1,2' ]
