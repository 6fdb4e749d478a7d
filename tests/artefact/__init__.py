"""What `sam build` leaves for Lambda: its contents, not yet its behaviour."""
