"""A checked file into a table: workers, checkpoint, rejects, ImportTable. Prints nothing."""
