"""The claims: the keys of a callout, their items in the table, and the composed claims."""
