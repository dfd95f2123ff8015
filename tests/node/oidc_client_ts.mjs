// oidc-client-ts, what single-page applications use; its state is kept in memory here, not in a window.
import { InMemoryWebStorage, OidcClient, WebStorageStateStore } from "oidc-client-ts";
import { answerTo, heard, say } from "./talk.mjs";

const plan = await heard();
const oidc = new OidcClient({
  authority: plan.issuer,
  client_id: plan.browser.client_id,
  redirect_uri: plan.redirect_uri,
  post_logout_redirect_uri: plan.post_logout_redirect_uri,
  response_type: "code",
  scope: "openid profile email account offline_access",
  loadUserInfo: true,
  stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
});

const asked = await oidc.createSigninRequest({ state: { page: "portfolio" }, ui_locales: "zh-CN" });
const { callback } = await answerTo({ authorize: asked.url });
const signedIn = await oidc.processSigninResponse(callback);

const renewed = await oidc.useRefreshToken({
  state: {
    refresh_token: signedIn.refresh_token,
    id_token: signedIn.id_token,
    session_state: null,
    scope: signedIn.scope,
    profile: signedIn.profile,
  },
});
await oidc.revokeToken(renewed.refresh_token, "refresh_token");
const leaving = await oidc.createSignoutRequest({ id_token_hint: signedIn.id_token, state: { bye: true } });

say({
  told: {
    subject: signedIn.profile.sub,
    name: signedIn.profile.name,
    page: signedIn.userState.page,
    rotated: renewed.refresh_token !== signedIn.refresh_token,
    signOut: leaving.url,
  },
});
process.exit(0);
