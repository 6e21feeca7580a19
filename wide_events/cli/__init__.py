"""The command line: what is configured, and whether it works."""
