"""Ids that repeat, and chance that is said beforehand: both lie in the octets of which trace ids are made."""

from __future__ import annotations

import os
from hashlib import blake2b
from itertools import count
from typing import Final, Literal

Sampling = Literal["policy", "all", "none"]

_TRACE_ID: Final = 16
_RANDOMNESS: Final = 7
_CHANCE: Final[dict[str, bytes | None]] = {
    "policy": None,
    "all": b"\xff" * _RANDOMNESS,
    "none": b"\x00" * _RANDOMNESS,
}


class IdSource:
    """Stands in for the operating system's randomness while events are captured.

    With a `seed` the n-th draw is always the same; without one it is the operating system's, as it is in a
    forked child, whose ids must not be its parent's. `sampling` says what chance does to new traces: their
    last 56 bits, by which chance decides, are all ones (`all`), all zeros (`none`), or as drawn (`policy`).
    """

    def __init__(self, seed: int | str | None, sampling: Sampling) -> None:
        self.seed(seed)
        self.choose(sampling)

    def seed(self, seed: int | str | None) -> None:
        """Begin the sequence of this seed from its start."""
        self._seed = seed
        self._drawn = count()
        self._process = os.getpid()

    def choose(self, sampling: Sampling) -> None:
        """Say what chance does from here on. Raises `ValueError` for another word."""
        if sampling not in _CHANCE:
            raise ValueError(f"sampling={sampling!r} is none of 'policy', 'all' and 'none'")
        self._chance = _CHANCE[sampling]

    def __call__(self, size: int) -> bytes:
        """Draw octets; where they begin with a trace id, its randomness is what was chosen."""
        octets = self._draw(size)
        if self._chance is None or size < _TRACE_ID:
            return octets
        return octets[: _TRACE_ID - _RANDOMNESS] + self._chance + octets[_TRACE_ID:]

    def _draw(self, size: int) -> bytes:
        if self._seed is None or os.getpid() != self._process:
            return os.urandom(size)
        return blake2b(f"{self._seed}:{next(self._drawn)}".encode(), digest_size=size).digest()
