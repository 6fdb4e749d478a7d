"""The objects that a tenant needs before Entra calls an endpoint: plan, apply, checks."""
