"""An endpoint examined from outside: checks → findings → reports."""
