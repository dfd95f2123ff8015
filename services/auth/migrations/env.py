"""Alembic's environment for auth's history."""

from libs.common.migrations import run_environment
from services.auth.metadata import METADATA

run_environment(METADATA)
