"""Everything on one machine: gateways played, the template read, the embedded table."""
