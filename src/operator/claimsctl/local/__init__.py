"""Everything on one machine: the table, the gateway, the function in process."""
