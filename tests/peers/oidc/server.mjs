// An OpenID provider written by others (oidc-provider), set up for one client. Prints one JSON line when it listens.
//   node server.mjs <client id> <client secret> <redirect uri>
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [clientId, clientSecret, redirectUri] = process.argv.slice(2);
const people = { "u-coordinator": { name: "Coordinator", roles: ["coordinator"], maracs: ["northmoor"] } };
const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], grant_types: ["authorization_code"] }],
  claims: { openid: ["sub"], profile: ["name", "roles", "agency", "maracs"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  cookies: { keys: ["only-for-tests"] },
});
server.on("request", provider.callback());
console.log(JSON.stringify({ ready: true, port: server.address().port }));
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.exit(0); }, 250);
process.on("SIGTERM", () => process.exit(0));
