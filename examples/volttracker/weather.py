"""Asking the weather service: real HTTP, several attempts, and one boundary event that tells of them all."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from wide_events import StructuredError, WideEvent, current_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from examples.volttracker.config import Config

OPERATION = "external_api_weather"
_LONGEST_WAIT_S = 0.2
_HOTTEST_CELSIUS = 60.0


@dataclass(frozen=True)
class Attempt:
    """One call: how long it took, the status if one came back, and the code of what went wrong, if any."""

    number: int
    latency_ms: float
    status_code: int | None = None
    error_code: str | None = None


class AttemptFailedError(Exception):
    """One attempt gave no weather; `retriable` says whether another one might."""

    def __init__(self, code: str, *, status_code: int | None = None, retriable: bool = True) -> None:
        super().__init__(code)
        self.code, self.status_code, self.retriable = code, status_code, retriable


def current_celsius(config: Config, latitude: float, longitude: float, **about: str) -> float:
    """The temperature outside, asked for at most `config.weather_attempts` times.

    Raises `StructuredError` with the code of the last attempt's failure. The boundary event is in the same
    trace as the current one, holds every attempt under `attempts`, and has the fields of `about`.
    """
    with current_event().child(OPERATION) as boundary:
        boundary.add_context(provider="weather", timeout_ms=config.weather_timeout_s * 1000, **about)
        boundary.add_feature_flags(**asdict(config.flags))
        url = f"{config.weather_url}/v1/current?{urlencode({'latitude': latitude, 'longitude': longitude})}"
        return _with_attempts(boundary, url, config)


def _with_attempts(boundary: WideEvent, url: str, config: Config) -> float:
    attempts: list[Attempt] = []
    while True:
        try:
            celsius = _attempt(boundary, url, config.weather_timeout_s, attempts)
        except AttemptFailedError as failure:
            if failure.retriable and len(attempts) < config.weather_attempts:
                time.sleep(min(_LONGEST_WAIT_S, 0.025 * 2 ** len(attempts)))
                continue
            raise StructuredError(
                failure.code, cause=failure, provider_code=failure.status_code, attempts=len(attempts)
            ) from failure
        return celsius


def _attempt(boundary: WideEvent, url: str, timeout_s: float, attempts: list[Attempt]) -> float:
    begun = time.perf_counter()
    failure: AttemptFailedError | None = None
    try:
        return _call(url, boundary.headers(), timeout_s)
    except AttemptFailedError as error:
        failure = error
        raise
    finally:
        latency_ms = round((time.perf_counter() - begun) * 1000, 2)
        status = failure.status_code if failure else 200
        attempts.append(Attempt(len(attempts) + 1, latency_ms, status, failure.code if failure else None))
        boundary.add_context(attempts=[asdict(attempt) for attempt in attempts], attempt_count=len(attempts))


def _call(url: str, headers: Mapping[str, str], timeout_s: float) -> float:
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - from the configuration
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:  # noqa: S310
            return _celsius(response.read())
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error.code) from error
    except (OSError, http.client.HTTPException) as error:
        raise _no_answer(error) from error


def _celsius(body: bytes) -> float:
    try:
        celsius = float(json.loads(body)["celsius"])
    except (ValueError, KeyError, TypeError) as error:
        raise AttemptFailedError("E104", status_code=200) from error
    if abs(celsius) > _HOTTEST_CELSIUS:
        raise AttemptFailedError("E121", status_code=200, retriable=False)
    return celsius


def _refused(status: int) -> AttemptFailedError:
    if status == 429:
        return AttemptFailedError("E103", status_code=status)
    return AttemptFailedError("E107", status_code=status, retriable=status >= 500)


def _no_answer(error: Exception) -> AttemptFailedError:
    """Why there was no answer at all: too slow, nobody there, or hung up half-way."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return AttemptFailedError("E101")
    if isinstance(reason, ConnectionRefusedError):
        return AttemptFailedError("E102")
    return AttemptFailedError("E120")
