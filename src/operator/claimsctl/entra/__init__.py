"""Playing Entra: what it sends, what it accepts. The judge shares no model with the provider."""
