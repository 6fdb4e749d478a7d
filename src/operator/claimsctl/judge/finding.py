"""What an examination says: findings, and the verdict they add up to.

Whoever examines something (the judge of answers, the doctor of endpoints) says it in these words.
Every id is explained in `claimsctl.explain`; ids are never renamed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How a finding counts; a check that cannot run is ``skip`` with its reason, never silence."""

    OK = "ok"
    SKIP = "skip"
    WARN = "warn"
    FAIL = "fail"


class Basis(StrEnum):
    """Whether Entra's documentation fixes the code, or we read it so where it is silent."""

    DOC = "doc"
    CONVENTION = "convention"


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
class Answer:
    """An HTTP answer as it came: nothing parsed, nothing repaired."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    elapsed_ms: float | None = None
    """From the start of the call, name lookup included, to the last byte."""

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return next(iter(self.all_headers(name)), None)

    def all_headers(self, name: str) -> list[str]:
        """The values of every header of that name, in any case."""
        return [value for key, value in self.headers if key.lower() == name]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Entra would make of an answer."""

    findings: tuple[Finding, ...]
    """Failures in the order in which Entra would stumble over them, then warnings."""
    claims: dict[str, Any]
    """The claims that Entra would take; empty when it takes none."""
    claims_bytes: int
    """Names and values of the claims found, in bytes of UTF-8, taken or not."""

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
        """What the verdict rests on: a warning of our own reading makes an acceptance one too."""
        decisive = [self.first_failure] if self.first_failure else self.findings
        by_reading = any(finding.basis is Basis.CONVENTION for finding in decisive)
        return Basis.CONVENTION if by_reading else Basis.DOC

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
