"""The list as a local web page."""
