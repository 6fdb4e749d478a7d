"""What we answer: claims in the one shape Entra accepts, or an error that is clearly one."""
