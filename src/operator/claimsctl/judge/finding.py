"""Findings, and the verdict on an answer.

The judge and the doctor's checks report findings. `claimsctl.explain` explains every id; ids are
never renamed.
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
"""The number of findings kept for each rule: a body could break a rule a million times."""

_EVIDENCE_CHARACTERS = 80


class Level(StrEnum):
    """The severity of a finding; a check that cannot run reports ``skip`` with the reason."""

    OK = "ok"
    SKIP = "skip"
    WARN = "warn"
    FAIL = "fail"


class Basis(StrEnum):
    """The source of the rule behind a finding."""

    DOC = "doc"
    """Entra's documentation."""
    MODEL = "model"
    """Microsoft's published contract library (Microsoft.Azure.Entra.Authentication)."""
    CONVENTION = "convention"
    """Our reading, where neither says anything."""


BASIS_NOTES: Final = {
    Basis.MODEL: "; according to Microsoft's contract library",
    Basis.CONVENTION: "; interpretation by claimsctl, not documented",
}
"""The note after a code that the documentation does not specify."""


class NoResult(StrEnum):
    """Why a check has no result."""

    PREREQUISITE = "prerequisite"
    """A finding that the check needs failed or was skipped."""
    PROTECTED = "protected"
    """The endpoint refused every caller that was tried."""
    BROKEN = "broken"
    """The check raised an error, or reported nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a body: line and column from 1, in characters; `pointer` as in RFC 6901."""

    line: int
    column: int
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `id` is stable; `entra_code` is the code that the sign-in log would show."""

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
    """The URL of the documentation."""
    no_result: NoResult | None = None
    """Why the check has no result, if other code depends on the reason."""

    def document(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
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
    """The size of all names and values found, in bytes of UTF-8, whether accepted or not."""

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
        """Return the code that the sign-in log would show, or ``None`` for an accepted answer."""
        failure = self.first_failure
        return None if failure is None else failure.entra_code

    @property
    def basis(self) -> Basis:
        """Return the basis of the verdict: that of the least certain finding that decides it."""
        decisive = [self.first_failure] if self.first_failure else self.findings
        bases = {finding.basis for finding in decisive}
        unsure = (basis for basis in (Basis.CONVENTION, Basis.MODEL) if basis in bases)
        return next(unsure, Basis.DOC)

    def document(self) -> dict[str, Any]:
        """Return the verdict as a JSON object."""
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
    """Return a finding for which Entra rejects an answer; the evidence is cut to one line."""
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
    """Return a finding for which Entra may reject an answer; the documentation does not say."""
    return Finding(
        id_, Level.WARN, title, shortened(evidence), hint, code, basis, expected, place, doc
    )


def shortened(text: str, kept: int = _EVIDENCE_CHARACTERS) -> str:
    """Return `text` cut to `kept` characters, by default one line of evidence."""
    return text if len(text) <= kept else f"{text[:kept]}…"
