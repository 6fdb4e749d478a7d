"""Checks of an endpoint from outside: target → checks → findings → reports."""
