"""Playing Entra: callouts, tokens, the HTTP client, the mapping of claims into tokens."""
