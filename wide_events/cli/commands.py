"""The commands, gathered."""

from __future__ import annotations

import click

import wide_events
from wide_events.cli.doctor import doctor


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(wide_events.__version__, message="wide-events %(version)s")
def commands() -> None:
    """One wide event for each unit of work: see what is configured, and try it."""


commands.add_command(doctor)
