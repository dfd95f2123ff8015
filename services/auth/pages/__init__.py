"""The toolkit of the pages people see: sign-in, consent, account and all others.

A slice's pages live in its `pages.py`, its templates in `pages/templates/`, its texts in its `texts.py`::

    router: Final = page_router()              # never in the API's description; failures are pages
    Decision = Annotated[Fields, Depends(Form("consent", bound_to="request"))]

    @router.get("/consent")
    async def show(request: Request, ...) -> Response:
        return page(request, "consent.html", TEXTS, client=name, form_targets=(redirect_uri,))

    @router.post("/consent")
    async def decide(request: Request, form: Decision) -> Response:
        return see_other("/account")           # always 303 after a post

Template (no inline script, no style attributes, everything works without JavaScript)::

    {% extends "layout.html" %}                or "wide.html" for account pages, with <section class="card">
    {% import "parts.html" as ui with context %}
    {% block title %}{{ t.title }}{% endblock %}
    {% block content %}
    <h1>{{ t.title }}</h1>
    {{ ui.notice(t.warning, "bad") }}          good, bad or info
    <form method="post" action="/consent">
      {{ form_token("consent", bound_to=id) }} hidden field; purpose and bound_to as in Form(...)
      {{ ui.hidden("request", id) }}           the field that bound_to names
      {{ ui.field("code", t.code, inputmode="numeric", autocomplete="one-time-code", error=error) }}
      {{ ui.actions(t.allow, name="decision", value="allow") }}
      {{ ui.button(t.refuse, "quiet") }}       main, quiet or bad
    </form>
    {% endblock %}

- `TEXTS` is a `Mapping[str, Text]`; in templates `t.key` or `t("key", name=value)`. `Text`s among the
  values are given in the page's language; inside objects: `{{ row.label|say }}`. Times: `{{ at|moment }}`.
- A page that answers a form says with `here="/sign-in?request=…"` how to ask for it again, if its form's own
  address will not do: the language links lead there.
- The language is the one chosen at the foot of the page (cookie), else `ui_locales`, else Accept-Language.
- `Browser`: a dependency, the secret of this browser (cookie); `.digest` is what a database may store.
- `form_targets`: addresses to which the answer of a form on this page may redirect in the end (the client's
  redirect_uri): Chromium applies the policy `form-action` to redirects too.
- `Form(purpose, bound_to=field)` reads a small urlencoded body and checks Origin and token, else a 403 page.
  The token belongs to the browser, its session, the purpose and, with `bound_to`, the value of that field.
  `Fields` is a mapping of text; `.all(name)` gives repeated ones, which are refused everywhere else.
- Raise `PageRefusal(status, title, detail)` for a failure of your own; Problems become pages as well.
- `set_cookie`, `delete_cookie` (names without prefix) take effect on whatever the route answers.
- A section of /account: `async def account_section(database, session: Session) -> Section | None` gives
  `Section("account/children.html", TEXTS, {"children": [...]})`, and is listed in account/pages.py SECTIONS.
  The template is one <section class="card">; it sees its own `t`, `ui`, and the values as `part.children`.
- `{{ on|day }}` writes dates. After a post: `see_other("/account?done=key")`, keys in account/texts.py DONE.
- `own_path(text)` is the page of ours that a `next` names, or /account: never another site.
- Signed-in people: `from services.auth.sessions.browser import BrowserSession, SignedIn, FreshlySignedIn`.
  The first is None when nobody is signed in; the second sends to /sign-in then, which returns by `next`; the
  third has people sign in again after five minutes. `session.actor` is the Actor of use cases.
"""

from services.auth.pages.cookies import Browser, BrowserSecret, cookie, delete_cookie, set_cookie
from services.auth.pages.forms import Fields, Form
from services.auth.pages.refusals import PageRefusal
from services.auth.pages.rendering import Section, page
from services.auth.pages.routing import page_router, see_other
from services.auth.pages.rules import own_path

__all__ = [
    "Browser",
    "BrowserSecret",
    "Fields",
    "Form",
    "PageRefusal",
    "Section",
    "cookie",
    "delete_cookie",
    "own_path",
    "page",
    "page_router",
    "see_other",
    "set_cookie",
]
