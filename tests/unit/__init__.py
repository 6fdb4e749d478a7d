"""One module of the function at a time."""
