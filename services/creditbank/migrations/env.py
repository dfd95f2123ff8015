"""Alembic's environment for creditbank's history."""

from libs.common.migrations import run_environment
from services.creditbank.metadata import METADATA

run_environment(METADATA)
