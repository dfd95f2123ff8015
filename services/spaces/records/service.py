"""Summaries of records, for the slices that learn of people."""

from services.spaces.records.repository import erase

__all__ = ["erase"]
