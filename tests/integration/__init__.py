"""The function in front of real engines, and of a network that misbehaves."""
