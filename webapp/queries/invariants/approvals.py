"""Approvals and credit holds: who decided what, with which right."""

from __future__ import annotations
