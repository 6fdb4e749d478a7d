"""A recording reverse proxy between one's own tunnel and the service: see what Entra sees."""
