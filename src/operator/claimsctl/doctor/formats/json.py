"""A diagnosis as JSON."""

from typing import Any

from claimsctl.doctor.runner import Diagnosis
from claimsctl.doctor.summary import counts, first_cause, headline
from claimsctl.doctor.target import Exchanged


def document(diagnosis: Diagnosis) -> dict[str, Any]:
    """Headline, findings, exchanges with their timings; no token is in it."""
    cause = first_cause(diagnosis)
    return {
        "url": diagnosis.url,
        "level": diagnosis.worst().value,
        "headline": headline(diagnosis),
        "entra_code": cause.entra_code if cause else None,
        "counts": counts(diagnosis),
        "findings": [finding.document() for finding in diagnosis.findings],
        "exchanges": [_exchange(each) for each in diagnosis.exchanges],
    }


def _exchange(made: Exchanged) -> dict[str, Any]:
    attempt = made.attempt
    return {
        "purpose": made.purpose,
        "status": None if attempt.answer is None else attempt.answer.status,
        "no_answer": None if attempt.no_answer is None else attempt.no_answer.cause.value,
        "elapsed_ms": round(attempt.elapsed_ms, 1),
        "timings_ms": {phase.value: round(ms, 1) for phase, ms in attempt.timings.items()},
        "verdict": "accepted" if made.verdict.accepted else "rejected",
        "claims_bytes": made.verdict.claims_bytes,
    }
