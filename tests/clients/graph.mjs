// @azure/msal-node and @microsoft/microsoft-graph-client against the simulator. NODE_EXTRA_CA_CERTS trusts its certificate.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.EWSREADY_CLIENTS}/package.json`);
const { ConfidentialClientApplication } = require("@azure/msal-node");
const { BatchResponseContent, Client, PageIterator } = require("@microsoft/microsoft-graph-client");

const origin = process.env.SIM_ORIGIN;
const tenant = "6a1d0c3e-8f27-4b95-a0c4-1e2d3f4a5b6c";
const scopes = ["https://graph.microsoft.com/.default"];
const application = (number, credential) =>
  new ConfidentialClientApplication({
    auth: {
      clientId: `10000000-0000-4000-8000-00000000000${number}`,
      authority: `${origin}/${tenant}`,
      knownAuthorities: [new URL(origin).host],
      ...credential,
    },
  });

const { accessToken } = await application(1, { clientSecret: "open-sesame+/=&%" }).acquireTokenByClientCredential({ scopes });
assert.ok(accessToken);
await assert.rejects(application(1, { clientSecret: "wrong" }).acquireTokenByClientCredential({ scopes }), /7000215/);

const pem = (name) => readFileSync(`${process.env.SIM_HERE}/${name}`, "ascii");
const { X509Certificate } = await import("node:crypto");
const thumbprintSha256 = new X509Certificate(pem("assertion.crt.pem")).fingerprint256.replaceAll(":", "");
const clientCertificate = { thumbprintSha256, privateKey: pem("assertion.key.pem") };
assert.ok((await application(2, { clientCertificate }).acquireTokenByClientCredential({ scopes })).accessToken);

const client = Client.init({
  baseUrl: origin,
  customHosts: new Set([new URL(origin).hostname]),
  authProvider: (done) => done(null, accessToken),
});
const users = [];
const page = await client.api("/users").select("id,userPrincipalName,assignedLicenses").top(2).get();
await new PageIterator(client, page, (user) => users.push(user)).iterate();
assert.equal(new Set(users.map((user) => user.id)).size, 5);

const settings = await client.api("/users/alma.reuter@contoso.example/mailboxSettings").get();
assert.equal(settings.userPurpose, "user");
await assert.rejects(client.api("/users/clara.drees@contoso.example/mailFolders/inbox").get(), { code: "MailboxNotEnabledForRESTAPI", statusCode: 404 });

const relative = {
  requests: ["alma.reuter", "clara.drees"].map((name, index) => ({
    id: String(index + 1),
    method: "GET",
    url: `/users/${name}@contoso.example/calendar`,
  })),
};
const responses = new BatchResponseContent(await client.api("/$batch").post(relative));
assert.equal(responses.getResponseById("1").status, 200);
assert.equal(responses.getResponseById("2").status, 404);
console.log("msal-node and microsoft-graph-client: passed");
