"""What a token would hold of an answer's claims: ``call`` and ``claims show --token`` show it."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from claimsctl.entra.token_mapping import MappingOutcome, PreviewedClaim
from claimsctl.text import escaped

_OUTCOMES = {
    MappingOutcome.EMITTED: "",
    MappingOutcome.NOT_MAPPED: "dropped: the policy does not map it",
    MappingOutcome.CASE_DIFFERS: "dropped: the policy maps {hint}, and ids are compared letter for "
    "letter",
    MappingOutcome.RESTRICTED: "dropped: no policy can emit that name",
    MappingOutcome.NO_NAME: "dropped: the policy has no name for it in this kind of token",
    MappingOutcome.NOT_ANSWERED: "the policy maps it, and the endpoint does not answer it",
}


def preview_view(title: str, claims: Sequence[PreviewedClaim]) -> RenderableType:
    """Which claims a token would hold, by their names there, and what is dropped."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for claim in claims:
        reason = _OUTCOMES[claim.outcome].format(hint=escaped(claim.hint))
        value = "" if claim.value is None else json.dumps(claim.value, ensure_ascii=False)
        is_emitted = claim.outcome is MappingOutcome.EMITTED
        style = "default" if is_emitted else "yellow"
        name = claim.token_name or "—"
        table.add_row(
            Text(f"  {escaped(claim.id)}"),
            Text(f"→ {escaped(name)}", style=style),
            Text(escaped(value) if is_emitted else reason, style=style),
        )
    return Group(Text(title, style="bold"), table if claims else Text("  no claims", style="dim"))


def preview_documents(claims: Sequence[PreviewedClaim]) -> list[dict[str, Any]]:
    """The same for machines."""
    return [
        {"id": claim.id, "name": claim.token_name, "fate": claim.outcome.value} for claim in claims
    ]
