"""What every code and finding means: one source for ``claimsctl explain`` and docs/findings.md."""
