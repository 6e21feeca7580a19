"""The doors of the application, one blueprint a subject."""

from __future__ import annotations

from examples.volttracker.routes.system import system
from examples.volttracker.routes.telemetry import telemetry
from examples.volttracker.routes.trips import trips
from examples.volttracker.routes.vehicles import vehicles

BLUEPRINTS = (telemetry, trips, vehicles, system)
