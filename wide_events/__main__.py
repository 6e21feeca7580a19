"""`python -m wide_events`: the same as the command `wide-events`."""

from __future__ import annotations

from wide_events.cli.main import main

if __name__ == "__main__":
    main()
