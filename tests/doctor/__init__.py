"""The doctor: reports of what it found."""
