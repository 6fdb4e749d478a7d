"""The recording proxy: forwarding, displaying and masking."""
