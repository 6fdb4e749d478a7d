"""How it scales and what it costs: the model, and the pages that it writes."""
