"""Every table of the service, gathered for migrations."""

from typing import Final

from sqlalchemy import MetaData

import services.auth.accounts.tables
import services.auth.audit.tables
import services.auth.authorization.tables
import services.auth.calendar.tables
import services.auth.classes.tables
import services.auth.clients.tables
import services.auth.erasure.tables
import services.auth.families.tables
import services.auth.guardians.tables
import services.auth.invitations.tables
import services.auth.keys.tables
import services.auth.mail.tables
import services.auth.organisations.tables
import services.auth.people.tables
import services.auth.recovery.tables
import services.auth.revocations.tables
import services.auth.rights.tables
import services.auth.roster_rights.tables
import services.auth.rosters.tables
import services.auth.second_factors.tables
import services.auth.sessions.tables
import services.auth.sign_in.tables  # noqa: F401
from libs.common.outbox import outbox_table
from services.auth.tables import Table

outbox_table(Table.metadata)

METADATA: Final[MetaData] = Table.metadata
