"""Checked records → items in the table: all of them, or a word about each that is not there."""
