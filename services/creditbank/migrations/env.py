"""Alembic's environment for creditbank's history."""

from libs.common.migrations import run_environment

run_environment()
