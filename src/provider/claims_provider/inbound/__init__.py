"""What arrived: the gateway's event → who calls → what is asked."""
