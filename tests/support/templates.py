"""Templates are translated once for all the applications of a worker."""

from __future__ import annotations

from jinja2.bccache import Bucket, BytecodeCache


class MemoryOfTemplates(BytecodeCache):
    """Keeps in memory what Jinja made of the templates."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket when the same text was translated before."""
        kept = self._kept.get((bucket.key, bucket.checksum))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was translated."""
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()
