"""What we know: the keys of a callout → their items in the table → one set of claims."""
