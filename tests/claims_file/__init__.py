"""Files of claims, and what becomes of them."""
