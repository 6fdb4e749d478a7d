"""Tests of `claimsctl.signin`."""
