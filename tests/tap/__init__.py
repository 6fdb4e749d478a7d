"""The recording proxy: what passes, what is shown of it, what is not."""
