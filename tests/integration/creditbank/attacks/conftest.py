"""Everybody the attacks need: people who decide, two writers at once, and the routes as they are called."""

from tests.integration.creditbank.rules.conftest import (  # noqa: F401  fixtures
    Desk,
    Office,
    Publish,
    desk,
    ects,
    office,
    publish,
)
