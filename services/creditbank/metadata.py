"""Every table of the service, gathered for migrations."""

from typing import Final

from sqlalchemy import MetaData

import services.creditbank.approvals.tables
import services.creditbank.awards.tables
import services.creditbank.cases.tables
import services.creditbank.corrections.tables
import services.creditbank.files.tables
import services.creditbank.institutions.tables
import services.creditbank.learners.tables
import services.creditbank.ledger.tables
import services.creditbank.log.tables
import services.creditbank.moves.tables
import services.creditbank.outcomes.tables
import services.creditbank.profiles.tables
import services.creditbank.recognition.tables
import services.creditbank.rulebook.tables
import services.creditbank.schemes.tables
import services.creditbank.suspense.tables
import services.creditbank.transfers.tables
import services.creditbank.xapi.activities.tables
import services.creditbank.xapi.carrying.tables
import services.creditbank.xapi.credentials.tables
import services.creditbank.xapi.documents.tables
import services.creditbank.xapi.operations.tables
import services.creditbank.xapi.persons.tables
import services.creditbank.xapi.reactions.tables
import services.creditbank.xapi.readings.tables
import services.creditbank.xapi.removals.tables
import services.creditbank.xapi.statements.tables
import services.creditbank.xapi.subscriptions.tables
import services.creditbank.xapi.summaries.tables  # noqa: F401
from libs.common.inbox import inbox_table
from libs.common.outbox import outbox_table
from services.creditbank.tables import Table

outbox_table(Table.metadata)
inbox_table(Table.metadata)

METADATA: Final[MetaData] = Table.metadata
