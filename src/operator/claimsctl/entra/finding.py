"""What an examination says: findings, and the verdict they add up to."""

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
class Finding:
    """One thing found. `id` is stable; `entra_code` is what the sign-in log would show for it."""

    id: str
    level: Level
    title: str
    evidence: str
    hint: str
    entra_code: int | None = None
    basis: Basis = Basis.DOC


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it came: nothing parsed, nothing repaired."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    elapsed_ms: float | None = None

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Entra would make of an answer."""

    findings: tuple[Finding, ...]
    claims: dict[str, Any]
    """The claims that Entra would take; empty when it takes none."""
    claims_bytes: int

    @property
    def first_failure(self) -> Finding | None:
        """The failure that Entra would report: it stops at the first one."""
        return next((finding for finding in self.findings if finding.level is Level.FAIL), None)

    @property
    def accepted(self) -> bool:
        """Whether Entra would add the claims."""
        return self.first_failure is None
