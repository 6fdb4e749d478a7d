"""The vocabulary shared by all: Entra's wire types, limits, codes and identifiers. No I/O, no AWS."""
