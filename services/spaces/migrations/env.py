"""Alembic's environment for this service's history."""

from libs.common.migrations import run_environment

run_environment()
