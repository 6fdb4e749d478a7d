"""Entra's own record of its callouts: sign-in records read, judged, summarised and joined."""
