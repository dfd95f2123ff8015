"""Deriving memberships, for the slices that learn of people, organisations and classes."""

from services.spaces.memberships.repository import (
    end_all,
    pass_on,
    refresh_by_roles,
    replace_class_members,
)

__all__ = ["end_all", "pass_on", "refresh_by_roles", "replace_class_members"]
