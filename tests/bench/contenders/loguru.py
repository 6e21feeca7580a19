"""loguru with `serialize=True`."""

from __future__ import annotations

from typing import Any

from loguru import logger

from tests.bench import workload
from tests.bench.contenders.base import DictThenLog


class Loguru(DictThenLog):
    """One `bind` with the whole dict, and one call."""

    library = "loguru"

    def __init__(self, sink: str, rate: float) -> None:
        super().__init__(sink, rate)
        logger.remove()
        logger.configure(extra=dict(workload.SERVICE))
        logger.add(sink, serialize=True, format="{message}", level="INFO")

    def log(self, event: dict[str, Any]) -> None:
        """One line."""
        logger.bind(**event).info("request")
