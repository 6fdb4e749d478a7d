"""Each command: its options, what it calls, what it shows."""
