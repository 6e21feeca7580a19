"""Cars as their loggers see them: state that goes on from drive to drive, and the points that they send."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

_STEP = timedelta(seconds=30)
_STEPS_PER_HOUR = 120
_EMPTY_SOC = 18.0
_SOC_PER_MILE = 1.9
_FUEL_PER_MILE = 0.3
_DEGREES_PER_MILE = 1 / 69.0
FAIR_DEGREES = (38, 40, 42, 44)


@dataclass
class Car:
    """One car on the road; `clock` is its own time, which runs on from drive to drive."""

    vehicle_id: str
    clock: datetime
    latitude: float
    longitude: float = 8.5
    odometer_miles: float = 10_000.0
    soc_percent: float = 90.0
    fuel_percent: float = 60.0

    @classmethod
    def parked(cls, vehicle_id: str, chance: random.Random) -> Car:
        """A car somewhere with fair weather, half a day ago."""
        return cls(
            vehicle_id,
            clock=datetime.now(timezone.utc) - timedelta(hours=12),
            latitude=chance.choice(FAIR_DEGREES) + chance.uniform(0.1, 0.8),
            odometer_miles=round(chance.uniform(2_000, 90_000), 1),
            soc_percent=round(chance.uniform(30, 95), 1),
            fuel_percent=round(chance.uniform(20, 90), 1),
        )

    def drive(self, speed_mph: float, steps: int) -> list[dict[str, Any]]:
        """Go on for so many half minutes, on the battery while it lasts, then on gas."""
        return [self._moved(speed_mph) for _ in range(steps)]

    def charge(self, kilowatts: float, steps: int) -> list[dict[str, Any]]:
        """Stand at the plug for so many half minutes; the last of them is unplugged."""
        points = []
        for step in range(steps):
            self.clock += _STEP
            self.soc_percent = min(100.0, round(self.soc_percent + kilowatts / 12, 1))
            points.append(self._point(charger_kw=kilowatts if step < steps - 1 else 0.0))
        return points

    def refuel(self) -> list[dict[str, Any]]:
        """Fill the tank up, between two points."""
        before = self._point()
        self.clock += _STEP
        self.fuel_percent = 100.0
        return [before, self._point()]

    def read_battery(self, capacity_kwh: float) -> list[dict[str, Any]]:
        """One point with what a full charge holds."""
        self.clock += _STEP
        return [{**self._point(), "capacity_kwh": capacity_kwh}]

    def _moved(self, speed_mph: float) -> dict[str, Any]:
        self.clock += _STEP
        miles = speed_mph / _STEPS_PER_HOUR
        self.odometer_miles = round(self.odometer_miles + miles, 3)
        east = miles * _DEGREES_PER_MILE / math.cos(math.radians(self.latitude))
        self.longitude = round(self.longitude + east, 5)
        on_gas = self.soc_percent <= _EMPTY_SOC
        if on_gas:
            self.fuel_percent = max(0.0, round(self.fuel_percent - miles * _FUEL_PER_MILE, 2))
        else:
            self.soc_percent = round(self.soc_percent - miles * _SOC_PER_MILE, 2)
        return self._point(speed_mph=speed_mph, engine_rpm=1800.0 if on_gas else 0.0)

    def _point(self, **changed: float) -> dict[str, Any]:
        return {
            "recorded_at": self.clock.isoformat(),
            "latitude": round(self.latitude, 5),
            "longitude": self.longitude,
            "speed_mph": 0.0,
            "odometer_miles": self.odometer_miles,
            "soc_percent": self.soc_percent,
            "fuel_percent": self.fuel_percent,
            "engine_rpm": 0.0,
            "charger_kw": 0.0,
            **changed,
        }
