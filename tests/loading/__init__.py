"""Loading: the resulting table and the reported results."""
