"""A cabinet of endpoints, most of them broken: what the doctor must find at each, and no more."""
