"""The one place where code that is not ours may fail without anybody noticing but the counters.

A rule, an enricher, a sink, a user's `__str__`: each is called through `attempt`. Nothing else in the core
catches more than the exceptions that it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def attempt(call: Callable[..., T], *args: Any, failed: Callable[[Exception], T]) -> T:
    """Return `call(*args)`, or `failed(exception)` where it raises.

    `KeyboardInterrupt` and `SystemExit` pass: they belong to the process, not to the call.
    """
    try:
        return call(*args)
    except Exception as failure:  # noqa: BLE001 - the guard
        return failed(failure)
