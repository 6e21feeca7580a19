"""The application of `tests.testing.shop`, new for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.testing.shop import shop

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture
def app() -> Flask:
    """Make the application."""
    return shop()
