"""Tests of `claimsctl.tenant`."""
