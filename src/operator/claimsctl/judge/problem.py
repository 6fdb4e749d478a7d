"""How the judge says what is wrong, and where that is documented."""

from typing import Final

from claimsctl.judge.finding import Basis, Finding, Level, Place

REFERENCE: Final = (
    "https://learn.microsoft.com/entra/identity-platform/custom-claims-provider-reference"
)
ERROR_CODES: Final = (
    "https://learn.microsoft.com/entra/identity-platform/custom-extension-troubleshoot"
    "#error-codes-reference"
)
JSON_STANDARD: Final = "https://www.rfc-editor.org/rfc/rfc8259"

FINDINGS_OF_A_KIND: Final = 100
"""How many of a kind are told: a body could have a million."""

_EVIDENCE_CHARACTERS = 80


def failure(
    id_: str,
    code: int,
    title: str,
    evidence: str,
    hint: str,
    *,
    expected: str,
    place: Place | None = None,
    basis: Basis = Basis.DOC,
    doc: str = REFERENCE,
) -> Finding:
    """What Entra refuses an answer for. Evidence is what was found, cut to a line."""
    return Finding(
        id_, Level.FAIL, title, shortened(evidence), hint, code, basis, expected, place, doc
    )


def warning(
    id_: str,
    code: int,
    title: str,
    evidence: str,
    hint: str,
    *,
    expected: str,
    place: Place | None = None,
    doc: str = REFERENCE,
) -> Finding:
    """What Entra may refuse an answer for: the documentation says neither."""
    level, basis = Level.WARN, Basis.CONVENTION
    return Finding(id_, level, title, shortened(evidence), hint, code, basis, expected, place, doc)


def shortened(text: str) -> str:
    """What an endpoint sent, in part: evidence stays a line."""
    kept = _EVIDENCE_CHARACTERS
    return text if len(text) <= kept else f"{text[:kept]}…"
