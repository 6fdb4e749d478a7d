"""A report as JSON."""

from typing import Any

from claimsctl.doctor.calls import Call
from claimsctl.doctor.runner import Report, counts, first_cause, headline


def document(report: Report) -> dict[str, Any]:
    """Return the headline, findings and calls with timings, without any token."""
    cause = first_cause(report)
    return {
        "url": report.url,
        "level": report.worst().value,
        "headline": headline(report),
        "entra_code": cause.entra_code if cause else None,
        "counts": counts(report),
        "findings": [finding.document() for finding in report.findings],
        "exchanges": [_exchange(call) for call in report.calls],
    }


def _exchange(call: Call) -> dict[str, Any]:
    attempt = call.attempt
    return {
        "purpose": call.purpose,
        "status": None if attempt.answer is None else attempt.answer.status,
        "no_answer": None if attempt.no_answer is None else attempt.no_answer.cause.value,
        "elapsed_ms": round(attempt.elapsed_ms, 1),
        "timings_ms": {phase.value: round(ms, 1) for phase, ms in attempt.timings.items()},
        "verdict": "accepted" if call.verdict.accepted else "rejected",
        "claims_bytes": call.verdict.claims_bytes,
    }
