"""The preview of a token's claims, for ``call`` and ``claims show --token``."""

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
    MappingOutcome.CASE_DIFFERS: "dropped: the policy maps {hint}, and ids are case-sensitive",
    MappingOutcome.RESTRICTED: "dropped: a policy cannot emit a claim with this name",
    MappingOutcome.NO_NAME: "dropped: the policy does not name it for this kind of token",
    MappingOutcome.NOT_ANSWERED: "missing: the policy maps it, but the answer does not contain it",
}


def preview_view(title: str, claims: Sequence[PreviewedClaim]) -> RenderableType:
    """Show the claims that a token would contain, under their names in it, and those dropped."""
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
    """Return the preview as JSON."""
    return [
        {"id": claim.id, "name": claim.token_name, "fate": claim.outcome.value} for claim in claims
    ]
