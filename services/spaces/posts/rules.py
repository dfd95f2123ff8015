"""What a post may be."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

PostKind = Literal["announcement", "homework"]
KINDS: Final[tuple[PostKind, ...]] = ("announcement", "homework")
STATUSES: Final = ("published", "removed")
ACTIONS: Final = ("published", "changed", "removed")

MOST_LINKS: Final = 20
LONGEST_ADDRESS: Final = 2_000
#: hundredths of a point
MOST_POINTS: Final = 1_000_000

# A range of one, so that only the index of space and id gives the order. With an equation the planner may
# walk all posts by their ids instead, wherever most of them are in one space.
PUBLISHED_IN: Final = "post.space between {space} and {space} and post.status = 'published'"
NEWEST_FIRST: Final = "post.space desc, post.id desc"
# How SQL shows the author of a post `p`, known as the person `a`; who was erased is not known any more.
_AUTHOR: Final = """json_build_object(
  'id', p.author, 'name', a.name,
  'former', a.id is null and exists (
    select from retired_person r where r.id = p.author and r.survivor is null)
)"""
# How SQL shows a post `p` of the space `s` to a person; what one said oneself one has read.
SHOWN: Final = f"""json_build_object(
  'id', p.id,
  'space', json_build_object('id', p.space, 'kind', s.kind, 'title', s.title),
  'kind', p.kind,
  'title', p.title,
  'text', p.text,
  'links', p.links,
  'author', {_AUTHOR},
  'recorded_at', p.recorded_at,
  'changed_at', p.changed_at,
  'assignment', case when p.kind = 'homework' then (
    select json_build_object(
      'due_at', g.due_at, 'closes_at', g.closes_at, 'points', round(g.points / 100.0, 2)::text)
    from assignment g where g.post = p.id) end,
  'read', p.author = {{reader}} or exists (
    select from post_read d where d.person = {{reader}} and d.post = p.id)
)"""

_UNWRITABLE = re.compile(r"[\x00-\x20\x7f-\x9f\\<>\"`{}|^\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is said of homework besides its words: late from `due_at` on, nothing taken after `closes_at`.

    `points` is the best mark in hundredths; None if it is not marked.
    """

    due_at: datetime | None
    closes_at: datetime | None
    points: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A post about to be published. `client_key` is the hash of the author's key, 16 bytes."""

    id: UUID
    space: UUID
    author: UUID
    kind: PostKind
    title: str
    text: str
    links: list[dict[str, Any]]
    recorded_at: datetime
    client_key: bytes
    content_hash: bytes
    assignment: Assignment | None = None


def is_web_address(text: str) -> bool:
    """Whether this is an absolute http or https address with a host and without a user name.

    `javascript:` and its kin never pass; a user name (`https://bank.example@evil.example`) only disguises.
    """
    if len(text) > LONGEST_ADDRESS or _UNWRITABLE.search(text):
        return False
    try:
        parts = urlsplit(text)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and port_is_valid
    )
