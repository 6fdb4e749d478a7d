"""Loading: what is in the table at the end, and what is told."""
