"""Identifiers: UUIDv7 (RFC 9562), so that keys grow with time and indexes stay dense."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7; ids made later in one process sort later."""
    return uuid7()


# The same in SQL for set-wise writers: PostgreSQL has uuidv7() only from version 18 on.
UUID7_FUNCTION = """
create function uuid7() returns uuid language sql volatile parallel safe as $$
  select encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
          from 1 for 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid
$$
"""
