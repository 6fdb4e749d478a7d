"""What Entra sends and does: callouts, tokens, the HTTP client, the mapping of claims."""
