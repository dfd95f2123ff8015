"""Reads a roster set (OneRoster 1.1 and 1.2 CSV, School Data Sync 2.1) without touching a database."""
