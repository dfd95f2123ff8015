"""Outcomes: copies kept by events."""

from services.creditbank.outcomes import repository

learn = repository.learn
