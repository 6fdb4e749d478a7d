"""Generators in tools/."""
