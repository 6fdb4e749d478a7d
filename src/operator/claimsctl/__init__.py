"""The operator's command line: loads claims, runs everything on one machine, plays Entra.

It may import ``claims_provider``; ``claims_provider`` never imports it.
"""
