"""The commands as a user at a terminal or a script runs them."""
