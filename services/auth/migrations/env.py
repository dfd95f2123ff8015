"""Alembic's environment for auth's history."""

from libs.common.migrations import run_environment

run_environment()
