"""The commands, as somebody at a terminal or in a script meets them."""
