"""Settings: read from the environment or given in code, checked at the start, frozen.

The only room that knows `os.environ` and pydantic, and slow to import for it: import it where it is needed.
"""

from __future__ import annotations

from wide_events.settings.environment import process_environ
from wide_events.settings.model import Settings
from wide_events.settings.report import Report, Row, reference, report
from wide_events.settings.spelling import NOT_HONOURED, warnings_about

__all__ = [
    "NOT_HONOURED",
    "Report",
    "Row",
    "Settings",
    "process_environ",
    "reference",
    "report",
    "warnings_about",
]
