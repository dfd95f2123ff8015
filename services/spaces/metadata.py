"""Every table of the service, gathered for migrations."""

from typing import Final

from sqlalchemy import MetaData

import services.spaces.classes.tables
import services.spaces.credits.tables
import services.spaces.homework.tables
import services.spaces.lives.tables
import services.spaces.memberships.tables
import services.spaces.organisations.tables
import services.spaces.people.tables
import services.spaces.posts.tables
import services.spaces.reading.tables
import services.spaces.records.tables
import services.spaces.spaces.tables  # noqa: F401
from libs.common.inbox import inbox_table
from libs.common.outbox import outbox_table
from services.spaces.tables import Table

METADATA: Final[MetaData] = Table.metadata

outbox_table(METADATA)
inbox_table(METADATA)
