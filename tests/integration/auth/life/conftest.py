"""Records in a place of one's own."""

import pytest

from tests.integration.auth.life.records import Records
from tests.integration.auth.places import Place


@pytest.fixture
async def records(here: Place) -> Records:
    return Records(here)
