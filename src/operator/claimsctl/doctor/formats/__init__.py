"""Formats of a report: JSON, Markdown, JUnit and an HTML page."""
