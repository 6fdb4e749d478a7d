"""The request: the gateway's event, the caller and the callout."""
