// openid-client, certified by the OpenID Foundation, in every flow it has with us.
import * as client from "openid-client";
import { answerTo, heard, say } from "./talk.mjs";

const plan = await heard();
const issuer = new URL(plan.issuer);
const loopback = { execute: [client.allowInsecureRequests] };

async function discovered(registered, authentication) {
  const config = await client.discovery(issuer, registered.client_id, {}, authentication, loopback);
  client.enableNonRepudiationChecks(config); // the ID token's signature is checked with the published keys
  return config;
}

async function signedIn(config, redirect, extra) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope: "openid profile email offline_access account",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...extra,
  });
  const { callback } = await answerTo({ authorize: address.href });
  return client.authorizationCodeGrant(config, new URL(callback), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
}

async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return error.error ?? error.code;
  }
  return "accepted";
}

const told = {};

const web = await discovered(plan.web, client.ClientSecretBasic(plan.web.client_secret));
const tokens = await signedIn(web, plan.redirect_uri, { max_age: "1000" });
const claims = tokens.claims();
told.subject = claims.sub;
told.amr = claims.amr;
told.authTime = claims.auth_time;
told.userinfo = await client.fetchUserInfo(web, tokens.access_token, claims.sub);
told.live = (await client.tokenIntrospection(web, tokens.access_token)).active;

const renewed = await client.refreshTokenGrant(web, tokens.refresh_token);
told.rotated = renewed.refresh_token !== tokens.refresh_token;
await client.tokenRevocation(web, renewed.access_token);
told.revoked = (await client.tokenIntrospection(web, renewed.access_token)).active;
told.reused = await refused(client.refreshTokenGrant(web, tokens.refresh_token));
told.familyEnded = await refused(client.refreshTokenGrant(web, renewed.refresh_token));

const posted = await discovered(plan.web, client.ClientSecretPost(plan.web.client_secret));
const again = await signedIn(posted, plan.redirect_uri, {});
told.post = again.claims().sub;
told.endSession = client.buildEndSessionUrl(posted, {
  id_token_hint: again.id_token,
  post_logout_redirect_uri: plan.post_logout_redirect_uri,
  state: "bye",
}).href;

const open = await discovered(plan.browser, client.None());
told.public = (await signedIn(open, plan.redirect_uri, {})).claims().sub;

const machine = await discovered(plan.machine, client.ClientSecretBasic(plan.machine.client_secret));
told.machine = (await client.clientCredentialsGrant(machine, { resource: "urn:xuebu:creditbank" })).scope;

const key = await crypto.subtle.importKey(
  "jwk", plan.key_holder.private_key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"],
);
const proof = client.PrivateKeyJwt({ key, kid: plan.key_holder.private_key.kid });
const keyHolder = await discovered(plan.key_holder, proof);
told.keyHolder = (await client.clientCredentialsGrant(keyHolder, {})).scope;

say({ told });
process.exit(0);
