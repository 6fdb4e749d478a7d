"""The tenant's side: the chain of objects that must hold before Entra calls an endpoint."""
