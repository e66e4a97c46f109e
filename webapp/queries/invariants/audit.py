"""Every change has its event, every effect its key."""

from __future__ import annotations
