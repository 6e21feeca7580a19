"""structlog in its fastest set-up: that of its own page on performance, and one call with the whole dict."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import orjson
import structlog

from tests.bench import workload
from tests.bench.contenders.base import DictThenLog


class Structlog(DictThenLog):
    """Bytes straight from orjson to a file, a filtering logger, cached."""

    library = "structlog"

    def __init__(self, sink: str, rate: float) -> None:
        super().__init__(sink, rate)
        out = Path(sink).open("ab")
        structlog.configure(
            cache_logger_on_first_use=True,
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.format_exc_info,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(serializer=orjson.dumps),
            ],
            logger_factory=structlog.BytesLoggerFactory(file=out),
        )
        self.logger = structlog.get_logger(**workload.SERVICE).bind()

    def log(self, event: dict[str, Any]) -> None:
        """One line."""
        self.logger.info("request", **event)
