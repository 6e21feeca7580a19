"""The root of this library's own errors, and what keeps an error whole on its way to another process."""

from __future__ import annotations

from typing import Any


def _rebuild(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    return kind.__new__(kind, *args)


class PortableError(Exception):
    """An exception that survives pickle and copy, whatever its constructor asks for.

    Its cause stays behind, as with every exception.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args), dict(self.__dict__)


class WideEventsError(PortableError):
    """The root of what this library itself complains of."""
