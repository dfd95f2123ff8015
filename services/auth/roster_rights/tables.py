"""The table of organisations whose rosters may say who somebody is."""

from datetime import datetime
from uuid import UUID

from services.auth.tables import Table, moment, reference


class RosterRight(Table, table=True):
    """An organisation whose rosters, with those of all below it, may name people by `userMasterIdentifier`.

    That number is one on the whole platform, so it is granted from above; a root needs no grant.
    """

    __tablename__ = "roster_right"

    organisation_id: UUID = reference("organisation.id", primary_key=True)
    granted_by: UUID | None = reference("person.id", nullable=True)
    granted_at: datetime = moment()
