"""Exceptions as the application sees them: without the frames of the doors, which tell nobody anything."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_DOORS: Final = str(Path(__file__).parent / "_")[:-1]


def tell(verb: Callable[[BaseException], object], error: BaseException) -> None:
    """Hand an exception to a verb of an event, for that long without the doors' frames in its traceback."""
    whole = error.__traceback__
    try:
        verb(error.with_traceback(_outside_of_doors(whole)))
    finally:
        error.with_traceback(whole)


def _outside_of_doors(step: TracebackType | None) -> TracebackType | None:
    steps = []
    while step is not None:
        if not step.tb_frame.f_code.co_filename.startswith(_DOORS):
            steps.append(step)
        step = step.tb_next
    copy: TracebackType | None = None
    for kept in reversed(steps):
        copy = TracebackType(copy, kept.tb_frame, kept.tb_lasti, kept.tb_lineno)
    return copy
