"""Simulated services, most of them broken: what the doctor must find at each, and nothing else."""
