"""How a diagnosis is told: one module a form."""
