"""The doctor: its reports and their formats."""
