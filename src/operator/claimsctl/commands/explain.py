"""``claimsctl explain``."""


def explain(code: str) -> None:
    """X"""
