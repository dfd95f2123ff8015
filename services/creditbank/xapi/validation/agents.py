"""Agents, groups and their identifiers (Data 2.4.2)."""

from collections.abc import Mapping
from typing import Any, Final

from libs.common.languages import Text
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.findings import AGENT, GROUP, IDENTIFIER, Clause, refuse
from services.creditbank.xapi.validation.formats import is_iri, is_mailbox, is_sha1
from services.creditbank.xapi.validation.shapes import a_list, a_text, an_iri, an_object, unknown

_TYPE: Final = Text("must be Agent or Group", "必须是 Agent 或 Group")
_AGENT_ONLY: Final = Text("must be an Agent", "必须是 Agent")
_GROUP_ONLY: Final = Text("must be a Group", "必须是 Group")
_ONE_IDENTIFIER: Final = Text(
    "must have exactly one of mbox, mbox_sha1sum, openid and account",
    "必须且只能有 mbox、mbox_sha1sum、openid、account 中的一项",
)
_AT_MOST_ONE: Final = Text(
    "must have no more than one of mbox, mbox_sha1sum, openid and account",
    "mbox、mbox_sha1sum、openid、account 至多只能有一项",
)
_MEMBERS: Final = Text("must have members, since it has no identifier", "没有标识的小组必须列出成员")
_MAILBOX: Final = Text("must be mailto: and one e-mail address", "必须是 mailto: 加一个电子邮件地址")
_SHA1: Final = Text("must be 40 hexadecimal digits", "必须是 40 位十六进制数字")
_AUTHORITY: Final = Text(
    "must be an Agent, or a Group without identifier of exactly two Agents",
    "必须是 Agent，或由恰好两个 Agent 组成且没有标识的 Group",
)


def check_actor(value: object, at: str, clause: Clause = findings.ACTOR) -> None:
    """An agent or a group, by its objectType; without one it is an agent."""
    actor = an_object(value, at, clause)
    kind = actor.get("objectType", "Agent")
    if kind == "Agent":
        _check_members_of(actor, at, AGENT)
    elif kind == "Group":
        check_group(value, at)
    else:
        refuse(f"{at}.objectType", clause, _TYPE)


def check_agent(value: object, at: str) -> None:
    """An agent and no group."""
    agent = an_object(value, at, AGENT)
    if agent.get("objectType", "Agent") != "Agent":
        refuse(f"{at}.objectType", AGENT, _AGENT_ONLY)
    _check_members_of(agent, at, AGENT)


def check_group(value: object, at: str) -> None:
    """A group, identified or anonymous; its members are agents."""
    group = an_object(value, at, GROUP)
    if group.get("objectType") != "Group":
        refuse(f"{at}.objectType", GROUP, _GROUP_ONLY)
    _check_members_of(group, at, GROUP)


def check_identified(value: object, at: str) -> None:
    """An agent or an identified group, as parameters name them."""
    check_actor(value, at)
    if _is_anonymous(value):
        refuse(at, IDENTIFIER, _ONE_IDENTIFIER)


def check_authority(value: object, at: str) -> None:
    """An agent, or the application and the user of a three-legged OAuth together (Data 2.4.9)."""
    check_actor(value, at, findings.AUTHORITY)
    actor = an_object(value, at, findings.AUTHORITY)
    if actor.get("objectType") == "Group" and (len(actor.get("member", ())) != 2 or not _is_anonymous(value)):
        refuse(at, findings.AUTHORITY, _AUTHORITY)


def _is_anonymous(value: object) -> bool:
    return isinstance(value, dict) and not value.keys() & {"mbox", "mbox_sha1sum", "openid", "account"}


def _check_members_of(actor: Mapping[str, Any], at: str, clause: Clause) -> None:
    """Every property of an agent or a group. `clause` is GROUP for a group."""
    identifiers = 0
    members = False
    for name, value in actor.items():
        if name == "objectType":
            continue
        if name == "account":
            _check_account(value, f"{at}.account")
            identifiers += 1
        elif name == "name":
            a_text(value, f"{at}.name", clause)
        elif name == "mbox":
            if is_mailbox(a_text(value, f"{at}.mbox", IDENTIFIER)) is None:
                refuse(f"{at}.mbox", IDENTIFIER, _MAILBOX)
            identifiers += 1
        elif name == "mbox_sha1sum":
            if is_sha1(a_text(value, f"{at}.mbox_sha1sum", IDENTIFIER)) is None:
                refuse(f"{at}.mbox_sha1sum", IDENTIFIER, _SHA1)
            identifiers += 1
        elif name == "openid":
            an_iri(value, f"{at}.openid", IDENTIFIER)
            identifiers += 1
        elif name == "member" and clause is GROUP:
            for number, member in enumerate(a_list(value, f"{at}.member", GROUP)):
                check_agent(member, f"{at}.member[{number}]")
                members = True
        else:
            unknown(name, at, clause)
    if identifiers > 1:
        refuse(at, IDENTIFIER, _ONE_IDENTIFIER if clause is AGENT else _AT_MOST_ONE)
    if not identifiers:
        if clause is AGENT:
            refuse(at, IDENTIFIER, _ONE_IDENTIFIER)
        elif not members:
            refuse(f"{at}.member", GROUP, _MEMBERS)


def _check_account(value: object, at: str) -> None:
    """A user account on some system: where it is, and its name there (Data 2.4.2.4)."""
    account = an_object(value, at, findings.ACCOUNT)
    for name, item in account.items():
        if name == "homePage":
            if type(item) is not str or is_iri(item) is None:
                refuse(f"{at}.homePage", findings.ACCOUNT, findings.NOT_AN_IRI)
        elif name == "name":
            a_text(item, f"{at}.name", findings.ACCOUNT)
        else:
            unknown(name, at, findings.ACCOUNT)
    if len(account) < 2:
        refuse(f"{at}.{'name' if 'homePage' in account else 'homePage'}", findings.ACCOUNT, findings.REQUIRED)
