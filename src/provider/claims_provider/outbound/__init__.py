"""The answer: claims in the format that Entra accepts, or a clear error."""
