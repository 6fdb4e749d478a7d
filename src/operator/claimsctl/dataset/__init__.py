"""Claims in a file → checked records → items in the table."""
