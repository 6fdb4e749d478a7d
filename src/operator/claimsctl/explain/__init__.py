"""What every code and finding means: the texts behind claimsctl explain and docs/findings.md."""
