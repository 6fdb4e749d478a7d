"""The files in events/, built from the contract's models so that they cannot drift."""
