"""Doors: each opens and closes the unit of work for one framework or library, and decides nothing."""
