"""Loading of a checked file into a table: workers, checkpoint, rejects file, ImportTable.

The package prints nothing; it reports through callbacks and results.
"""
