"""Playing Entra: what the judge accepts, what the samples are, how a callout is made."""
