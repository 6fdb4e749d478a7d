"""The vocabulary shared by all: Entra's wire types, limits and identifiers. No I/O, no AWS."""
