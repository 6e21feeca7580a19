"""Time of `import wide_events.integrations.flask` on top of `import flask`, each time in a fresh interpreter.

Prints CPU milliseconds: of Flask, of the extension on top, and of the set-up of an app on top of that.
"""

from __future__ import annotations

import time

begun = time.process_time_ns()
import flask  # noqa: E402 - that is what is measured

with_flask = time.process_time_ns()
from wide_events.integrations.flask import WideEvents  # noqa: E402

with_extension = time.process_time_ns()
WideEvents(flask.Flask("bench"))
with_app = time.process_time_ns()

print((with_flask - begun) / 1e6, (with_extension - with_flask) / 1e6, (with_app - with_extension) / 1e6)
