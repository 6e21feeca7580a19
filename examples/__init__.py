"""Worked examples of wide_events; each folder is an application of its own."""
