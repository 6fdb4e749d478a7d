"""Would Entra accept this answer? Judged from raw bytes; shares no model with the provider."""
