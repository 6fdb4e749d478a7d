"""Findings, and the verdict that they add up to.

The judge of answers and the checks of the doctor report in these terms. Every id is explained in
`claimsctl.explain`; ids are never renamed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

REFERENCE: Final = (
    "https://learn.microsoft.com/entra/identity-platform/custom-claims-provider-reference"
)
ERROR_CODES: Final = (
    "https://learn.microsoft.com/entra/identity-platform/custom-extension-troubleshoot"
    "#error-codes-reference"
)
JSON_STANDARD: Final = "https://www.rfc-editor.org/rfc/rfc8259"

FINDINGS_PER_RULE: Final = 100
"""How many findings of one rule are kept: a body could break it a million times."""

_EVIDENCE_CHARACTERS = 80


class Level(StrEnum):
    """How a finding counts; a check that cannot run gives a ``skip`` with the reason."""

    OK = "ok"
    SKIP = "skip"
    WARN = "warn"
    FAIL = "fail"


class Basis(StrEnum):
    """What a finding rests on."""

    DOC = "doc"
    """Entra's documentation fixes it."""
    MODEL = "model"
    """Microsoft's published contract library has it so (Microsoft.Azure.Entra.Authentication)."""
    CONVENTION = "convention"
    """Our reading, where both are silent."""


BASIS_NOTES: Final = {
    Basis.MODEL: ", as Microsoft's contract library has it",
    Basis.CONVENTION: ", as we read it",
}
"""What is said behind a code that the documentation does not fix."""


class NoResult(StrEnum):
    """Why a check came to no result."""

    PREREQUISITE = "prerequisite"
    """A finding that it needs failed, or was skipped itself."""
    PROTECTED = "protected"
    """The endpoint refused every caller that there was."""
    BROKEN = "broken"
    """The check raised an error, or reported nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a body: line and column from 1, in characters; `pointer` as in RFC 6901."""

    line: int
    column: int
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `id` is stable; `entra_code` is what the sign-in log would show for it."""

    id: str
    level: Level
    title: str
    evidence: str
    """What was found."""
    hint: str
    """The one thing to do."""
    entra_code: int | None = None
    basis: Basis = Basis.DOC
    expected: str = ""
    place: Place | None = None
    doc: str = ""
    """Where it is documented: a URL."""
    no_result: NoResult | None = None
    """Why the check has no result, where others decide on that."""

    def document(self) -> dict[str, Any]:
        """The finding for machines."""
        place = self.place and {
            "line": self.place.line,
            "column": self.place.column,
            "pointer": self.place.pointer,
        }
        return {
            "id": self.id,
            "level": self.level.value,
            "title": self.title,
            "evidence": self.evidence,
            "expected": self.expected,
            "hint": self.hint,
            "place": place,
            "entra_code": self.entra_code,
            "basis": self.basis.value,
            "doc": self.doc,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Entra would do with an answer."""

    findings: tuple[Finding, ...]
    """Failures in the order in which Entra would find them, then warnings."""
    claims: dict[str, Any]
    """The claims that Entra would add to the token; empty for a rejected answer."""
    claims_bytes: int
    """Names and values of the claims found, in bytes of UTF-8, accepted or not."""

    @property
    def first_failure(self) -> Finding | None:
        """The failure that Entra would report: it stops at the first one."""
        return next((finding for finding in self.findings if finding.level is Level.FAIL), None)

    @property
    def accepted(self) -> bool:
        """Whether Entra would add the claims."""
        return self.first_failure is None

    @property
    def entra_code(self) -> int | None:
        """What the sign-in log would show; ``None`` for an accepted answer."""
        failure = self.first_failure
        return None if failure is None else failure.entra_code

    @property
    def basis(self) -> Basis:
        """What the verdict rests on: it is no surer than the least sure finding that decides."""
        decisive = [self.first_failure] if self.first_failure else self.findings
        bases = {finding.basis for finding in decisive}
        unsure = (basis for basis in (Basis.CONVENTION, Basis.MODEL) if basis in bases)
        return next(unsure, Basis.DOC)

    def document(self) -> dict[str, Any]:
        """The verdict for machines."""
        return {
            "verdict": "accepted" if self.accepted else "rejected",
            "entra_code": self.entra_code,
            "basis": self.basis.value,
            "findings": [finding.document() for finding in self.findings],
            "claims": self.claims,
            "claims_bytes": self.claims_bytes,
        }


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
    """A finding for which Entra refuses an answer; the evidence is cut to one line."""
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
    basis: Basis = Basis.CONVENTION,
    doc: str = REFERENCE,
) -> Finding:
    """A finding for which Entra may refuse an answer: the documentation does not say."""
    return Finding(
        id_, Level.WARN, title, shortened(evidence), hint, code, basis, expected, place, doc
    )


def shortened(text: str, kept: int = _EVIDENCE_CHARACTERS) -> str:
    """`text` cut to `kept` characters, by default what fits on one line of evidence."""
    return text if len(text) <= kept else f"{text[:kept]}…"
