"""Tests of the tenant's side."""
