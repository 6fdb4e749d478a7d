"""The whole function against the contract."""
