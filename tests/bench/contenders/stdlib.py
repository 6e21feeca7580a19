"""The standard library's `logging` with python-json-logger, as its documentation shows it."""

from __future__ import annotations

import logging
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from tests.bench import workload
from tests.bench.contenders.base import DictThenLog


class Stdlib(DictThenLog):
    """A file handler and `extra=`."""

    library = "pythonjsonlogger"

    def __init__(self, sink: str, rate: float) -> None:
        super().__init__(sink, rate)
        handler = logging.FileHandler(sink)
        handler.setFormatter(
            JsonFormatter("%(levelname)s %(message)s", timestamp=True, static_fields=workload.SERVICE)
        )
        self.logger = logging.getLogger("canonical")
        self.logger.setLevel(logging.INFO)
        self.logger.propagate = False
        self.logger.addHandler(handler)

    def log(self, event: dict[str, Any]) -> None:
        """One line."""
        self.logger.info("request", extra=event)
