// npm's oidc-provider as the authorization server of a sandbox. It knows nothing of Atlassian: a refresh token that is used twice
// ends the whole login, at once. What it has no route for goes on to the sandbox, as SANDBOX with BEARER, where the access token
// is one of its own and still good.
import { createRequire } from 'node:module';
import http from 'node:http';

const { NODE_MODULES, SANDBOX, BEARER, CALLBACK } = process.env;
const { Provider } = await import(createRequire(`${NODE_MODULES}/`).resolve('oidc-provider'));
const scopes = ['offline_access', 'read:jira-user', 'read:jira-work', 'manage:jira-configuration'];
const server = http.createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const url = `http://127.0.0.1:${server.address().port}`;
let renewals = 0;

const provider = new Provider(url, {
  clients: [
    {
      client_id: 'app',
      client_secret: 'app-secret',
      redirect_uris: [CALLBACK],
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_post',
    },
  ],
  scopes: ['openid', ...scopes],
  pkce: { required: () => false },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  ttl: { AccessToken: 20, RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 60, AuthorizationCode: 60 },
  routes: { authorization: '/authorize', token: '/oauth/token' },
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
});
const own = provider.callback();

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

// Somebody who accepts whatever is asked.
async function accept(request, response) {
  const { params, session } = await provider.interactionDetails(request, response);
  const accountId = session?.accountId ?? 'root';
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { login: { accountId }, consent });
}

// Follows the redirects as a browser does, and says where they lead.
async function consent(query) {
  const cookies = new Map();
  let next = `${url}/authorize?${query}`;
  for (let steps = 0; steps < 10 && next.startsWith(url); steps += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(next, { redirect: 'manual', headers: { cookie } });
    for (const set of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]*)=([^;]*)/.exec(set);
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (!location) throw new Error(`${next}: ${answer.status} ${await answer.text()}`);
    next = new URL(location, url).href;
  }
  return next;
}

// Atlassian takes JSON, which OAuth 2.0 does not have.
async function token(request, response) {
  let text = (await body(request)).toString();
  if (text.startsWith('{')) text = new URLSearchParams(JSON.parse(text)).toString();
  if (text.includes('grant_type=refresh_token')) renewals += 1;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST', headers: { ...headers, 'x-own': '1' }, body: text });
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
}

async function forward(request, response) {
  const sent = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const known = await provider.AccessToken.find(sent);
  if (!known) return response.writeHead(401, { 'content-type': 'application/json' }).end('{"code":401,"message":"Unauthorized"}');
  const headers = { authorization: `Bearer ${BEARER}`, 'content-type': 'application/json' };
  const content = await body(request);
  const answer = await fetch(`${SANDBOX}${request.url}`, {
    method: request.method,
    headers,
    body: content.length > 0 ? content : undefined,
  });
  let text = await answer.text();
  if (request.url.endsWith('/accessible-resources')) {
    text = JSON.stringify(JSON.parse(text).map((site) => ({ ...site, scopes })));
  }
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
}

server.on('request', async (request, response) => {
  try {
    const { pathname, search } = new URL(request.url, url);
    if (pathname === '/_renewals') response.end(String(renewals));
    else if (pathname === '/_consent') response.end(await consent(search.slice(1)));
    else if (pathname.startsWith('/interaction/')) await accept(request, response);
    else if (pathname === '/oauth/token' && !request.headers['x-own']) await token(request, response);
    else if (pathname.startsWith('/authorize') || pathname === '/oauth/token') await own(request, response);
    else await forward(request, response);
  } catch (error) {
    response.writeHead(500).end(String(error?.stack ?? error));
  }
});
console.log(url);
