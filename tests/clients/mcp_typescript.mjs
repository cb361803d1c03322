// Asks `rollbook mcp` by one of the official TypeScript SDKs, which hold every answer against the schema that the tool lists. Takes
// from the environment PACKAGE, the SDK's package, NODE_MODULES, ROLLBOOK, the program, and TREE, a folder.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const { PACKAGE, NODE_MODULES, ROLLBOOK, TREE } = process.env;
const require = createRequire(`${NODE_MODULES}/`);
const load = (path) => import(require.resolve(path));
const old = PACKAGE === '@modelcontextprotocol/sdk';
const { Client } = await load(old ? `${PACKAGE}/client/index.js` : PACKAGE);
const { StdioClientTransport } = await load(`${PACKAGE}/${old ? 'client/stdio.js' : 'stdio'}`);

const client = new Client({ name: 'test', version: '1' });
await client.connect(new StdioClientTransport({ command: ROLLBOOK, args: ['mcp', '-C', TREE], env: { ...process.env } }));
const warnings = [];
console.warn = (...said) => warnings.push(said.join(' '));
const calls = { check: {}, plan: {}, explain: { about: 'developers' }, users: { status: 'all', limit: 2 } };
const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name).sort(), Object.keys(calls).sort());
for (const tool of tools) assert.equal(tool.outputSchema.type, 'object');
const call = (name, args) => client.callTool({ name, arguments: args });
for (const [name, args] of Object.entries(calls)) {
  const answer = await call(name, args);
  assert.ok(!answer.isError, JSON.stringify(answer));
  assert.ok('next' in answer.structuredContent);
}
const seen = new Set();
let page = (await call('users', { status: 'all', limit: 2 })).structuredContent;
for (;;) {
  for (const user of page.users) seen.add(user.account);
  if (!page.next) break;
  page = (await call('users', { limit: 2, cursor: page.next })).structuredContent;
}
assert.equal(seen.size, 6);
for (const [name, args] of [
  ['plan', { live: 'x' }],
  ['plan', { base: '/etc' }],
  ['users', { groups: ['no such'] }],
]) {
  const answer = await call(name, args);
  assert.ok(answer.isError && answer.structuredContent === undefined, JSON.stringify(answer));
}
await assert.rejects(call('apply', {}));
assert.deepEqual(warnings, []);
await client.close();
console.log(`ok ${PACKAGE}`);
