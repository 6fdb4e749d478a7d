"""Generators and maintenance scripts; not shipped in the wheel."""
