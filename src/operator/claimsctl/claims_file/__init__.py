"""What is in a file of claims: formats, rows, schema, validation, rejects, export."""
