"""Events as text for people: a block on a terminal, or one line of `key=value`.

Both are safe to print whatever an event holds: no control character, terminal escape, line separator, bidi
control or lone surrogate of a value or key gets through, each is shown as a visible escape instead. Colours
are our own. Neither function ever raises.
"""

from __future__ import annotations

from wide_events.formatting.block import human
from wide_events.formatting.colour import wants_colour
from wide_events.formatting.line import text

__all__ = ["human", "text", "wants_colour"]
