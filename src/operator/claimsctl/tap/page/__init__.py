"""The list of exchanges as a local web page."""
