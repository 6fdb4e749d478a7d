"""Claims files: formats, rows, schema, validation, rejected rows, export."""
