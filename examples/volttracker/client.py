"""Real HTTP to a running VoltTracker, every request counted: the truth that the events are compared with."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Target:
    """One running deployment: in which environment, and where it listens."""

    environment: str
    deployment_id: str
    url: str


@dataclass(frozen=True)
class Answer:
    """Status and JSON of one response."""

    status: int
    body: dict[str, Any]


@dataclass
class Tally:
    """Every request that was answered, by target and by status; and the sessions meant to go wrong."""

    answered: Counter[Target] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    broken_sessions: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def requests(self) -> int:
        """All that were answered."""
        return sum(self.answered.values())

    def note(self, target: Target, status: int) -> None:
        """Count one answer."""
        with self._lock:
            self.answered[target] += 1
            self.statuses[status] += 1

    def in_environment(self, environment: str) -> int:
        """All that one environment answered."""
        return sum(count for target, count in self.answered.items() if target.environment == environment)


@dataclass(frozen=True)
class Client:
    """Speaks JSON with one target."""

    target: Target
    tally: Tally

    def get(self, path: str) -> Answer:
        """Ask for something."""
        return self._call("GET", path, None)

    def post(self, path: str, body: object = None) -> Answer:
        """Send something."""
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: object) -> Answer:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "volttracker-traffic/1.0"}
        url = self.target.url + path
        request = urllib.request.Request(url, data=content, headers=headers, method=method)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
                answer = Answer(response.status, json.loads(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                answer = Answer(error.code, json.loads(error.read()))
        self.tally.note(self.target, answer.status)
        return answer
