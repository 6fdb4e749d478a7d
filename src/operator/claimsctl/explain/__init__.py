"""What each code and finding means: the texts of `claimsctl explain` and docs/findings.md."""
