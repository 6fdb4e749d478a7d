"""Every test states its rule in one sentence and can fail."""
