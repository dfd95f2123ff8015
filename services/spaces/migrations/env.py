"""Alembic's environment for this service's history."""

from libs.common.migrations import run_environment
from services.spaces.metadata import METADATA

run_environment(METADATA)
