"""The application's catalogue of errors: the codes it takes over as they are, and those of its own domain.

Numbers follow the scheme of the built-in catalogue: 001-099 validation, 100-199 external services, 200-299
the database, 300-399 parsing, 400-499 the business, 500-599 the system.
"""

from __future__ import annotations

from wide_events import ErrorCode, StructuredError
from wide_events.taxonomy import register

TAKEN_OVER = tuple(
    ErrorCode.get(code)
    for code in (
        *("E001", "E002", "E003", "E005", "E006"),
        *("E101", "E102", "E103", "E104", "E107"),
        *("E201", "E205", "E301", "E303"),
    )
)

OWN = (
    ErrorCode("E020", "validation", "low", "the vehicle id has the wrong form", retriable=False),
    ErrorCode("E021", "validation", "low", "the session id has the wrong form", retriable=False),
    ErrorCode("E022", "validation", "low", "the upload holds no points", retriable=False),
    ErrorCode("E023", "validation", "medium", "the upload holds too many points", retriable=False),
    ErrorCode("E024", "validation", "medium", "the points are not in the order of time", retriable=False),
    ErrorCode(
        "E025", "validation", "medium", "a point lies in the future", fix="set the clock of the logger"
    ),
    ErrorCode("E026", "validation", "medium", "the position is not on the globe", retriable=False),
    ErrorCode("E027", "validation", "low", "the percentage is not between 0 and 100", retriable=False),
    ErrorCode("E028", "validation", "medium", "the speed is not one a car can have", retriable=False),
    ErrorCode("E029", "validation", "high", "the odometer runs backwards", alert=True, retriable=False),
    ErrorCode("E030", "validation", "medium", "the battery capacity is implausible", retriable=False),
    ErrorCode(
        "E120", "external_api", "medium", "the weather service hung up before it answered", retriable=True
    ),
    ErrorCode(
        "E121", "external_api", "high", "the weather report makes no sense", alert=True, retriable=False
    ),
    ErrorCode("E220", "database", "high", "the health check could not read the database", alert=True),
    ErrorCode("E320", "parsing", "medium", "a point is not an object", retriable=False),
    ErrorCode("E420", "business_logic", "low", "no such vehicle", retriable=False),
    ErrorCode("E421", "business_logic", "low", "no such trip", retriable=False),
    ErrorCode("E422", "business_logic", "low", "the trip has been finalized already", retriable=False),
    ErrorCode(
        "E423", "business_logic", "medium", "the trip has too few points to be finalized", retriable=True
    ),
    ErrorCode(
        "E424", "business_logic", "high", "the trip used more energy than the battery holds", alert=True
    ),
    ErrorCode("E425", "business_logic", "high", "the session belongs to another vehicle", alert=True),
    ErrorCode("E426", "business_logic", "low", "the battery has not been read yet", retriable=True),
)

CATALOGUE = (*TAKEN_OVER, *OWN)


def register_errors() -> None:
    """Make the codes of this application known, so that an event tells category, severity and alert."""
    register(*OWN)


_STATUS_OF_CATEGORY = {
    "validation": 400,
    "parsing": 400,
    "business_logic": 422,
    "external_api": 502,
    "database": 503,
}


def status_of(error: StructuredError) -> int:
    """The HTTP status that answers an error of this category; 500 for the system's own."""
    return _STATUS_OF_CATEGORY.get(error.category, 500)
