"""Exposure, holds and their queue."""
