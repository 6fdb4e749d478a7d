"""Definitions shared by all packages: Entra's wire types, limits and identifiers. No I/O."""
