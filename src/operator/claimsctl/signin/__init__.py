"""Entra's sign-in records: read, judge, summarise, and join them with logs and recordings."""
