"""A recording reverse proxy between a tunnel and the service, to see what Entra sees."""
