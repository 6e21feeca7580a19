"""What a logger in a car sends, read and checked before anything touches the database."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

from wide_events import StructuredError, current_event

MAX_POINTS = 200
MAX_SPEED_MPH = 200.0
MAX_CAPACITY_KWH = 60.0
_CLOCK_SKEW = timedelta(minutes=5)
_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,62}", re.ASCII)


@dataclass(frozen=True)
class Point:
    """One moment of a car; `capacity_kwh` is only there when the car has just measured its battery."""

    recorded_at: datetime
    latitude: float
    longitude: float
    speed_mph: float
    odometer_miles: float
    soc_percent: float
    fuel_percent: float
    engine_rpm: float = 0.0
    charger_kw: float = 0.0
    capacity_kwh: float | None = None


@dataclass(frozen=True)
class Upload:
    """The points of one vehicle's logging session, oldest first, at least one."""

    vehicle_id: str
    session_id: str
    points: tuple[Point, ...]


def parse_upload(body: object) -> Upload:
    """Read one upload; raises `StructuredError` with the code of the first thing that is wrong.

    The ids go on the event before the points are looked at: a refused upload can still be found by them.
    """
    if not isinstance(body, Mapping):
        raise StructuredError("E301", "the body is not a JSON object")
    vehicle_id = _identifier(body, "vehicle_id", "E020")
    current_event().add_context(vehicle_id=vehicle_id)
    session_id = _identifier(body, "session_id", "E021")
    current_event().add_context(session_id=session_id)
    points = tuple(_point(index, raw) for index, raw in enumerate(_raw_points(body)))
    _check_order(points)
    return Upload(vehicle_id, session_id, points)


def _identifier(body: Mapping[str, Any], field: str, code: str) -> str:
    if field not in body:
        raise StructuredError("E001", field=field)
    value = body[field]
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise StructuredError(code, why="ids are 3 to 63 of a-z, 0-9 and -", field=field)
    return value


def _raw_points(body: Mapping[str, Any]) -> list[Any]:
    points = body.get("points")
    if not isinstance(points, list) or not points:
        raise StructuredError("E022", field="points")
    if len(points) > MAX_POINTS:
        raise StructuredError("E023", fix=f"send at most {MAX_POINTS} at once", sent=len(points))
    return points


def _point(index: int, raw: object) -> Point:
    if not isinstance(raw, Mapping):
        raise StructuredError("E320", index=index)
    reader = _Reader(raw, index)
    return Point(
        recorded_at=reader.moment("recorded_at"),
        latitude=reader.number("latitude", -90, 90, "E026"),
        longitude=reader.number("longitude", -180, 180, "E026"),
        speed_mph=reader.number("speed_mph", 0, MAX_SPEED_MPH, "E028"),
        odometer_miles=reader.number("odometer_miles", 0, 2_000_000, "E003"),
        soc_percent=reader.number("soc_percent", 0, 100, "E027"),
        fuel_percent=reader.number("fuel_percent", 0, 100, "E027"),
        engine_rpm=reader.number("engine_rpm", 0, 12_000, "E003", default=0.0),
        charger_kw=reader.number("charger_kw", 0, 400, "E003", default=0.0),
        capacity_kwh=reader.capacity(),
    )


@dataclass(frozen=True)
class _Reader:
    """Takes the fields of one raw point, and says which field of which point was wrong."""

    raw: Mapping[str, Any]
    index: int

    def number(self, field: str, low: float, high: float, code: str, default: float | None = None) -> float:
        value = self.raw.get(field, default)
        if value is None:
            raise StructuredError("E001", field=field, index=self.index)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise StructuredError("E002", field=field, index=self.index, got=type(value).__name__)
        if not low <= value <= high:
            raise StructuredError(code, field=field, index=self.index, value=value, low=low, high=high)
        return float(value)

    def capacity(self) -> float | None:
        if self.raw.get("capacity_kwh") is None:
            return None
        return self.number("capacity_kwh", 1, MAX_CAPACITY_KWH, "E030")

    def moment(self, field: str) -> datetime:
        value = self.raw.get(field)
        if value is None:
            raise StructuredError("E001", field=field, index=self.index)
        try:
            moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        except ValueError as error:
            raise StructuredError("E303", cause=error, field=field, index=self.index) from error
        if moment.tzinfo is None:
            raise StructuredError("E303", "the moment has no time zone", field=field, index=self.index)
        if moment > datetime.now(timezone.utc) + _CLOCK_SKEW:
            raise StructuredError("E025", field=field, index=self.index)
        return moment


def _check_order(points: tuple[Point, ...]) -> None:
    for index, (earlier, later) in enumerate(pairwise(points), start=1):
        if later.recorded_at < earlier.recorded_at:
            raise StructuredError("E024", index=index)
        if later.odometer_miles < earlier.odometer_miles:
            lost = round(earlier.odometer_miles - later.odometer_miles, 1)
            raise StructuredError("E029", index=index, miles_back=lost)
