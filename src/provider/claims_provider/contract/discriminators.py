"""The ``type`` and ``@odata.type`` values of a callout and of its answer; Entra's reference."""

from typing import Final

EVENT_TYPE: Final = "microsoft.graph.authenticationEvent.tokenIssuanceStart"
"""``type`` of a callout; the official library compares it case-insensitively, and so do we."""

CALLOUT_DATA_TYPE: Final = "microsoft.graph.onTokenIssuanceStartCalloutData"
"""``data['@odata.type']`` of a callout; compared exactly, as the official library does."""

RESPONSE_DATA_TYPE: Final = "microsoft.graph.onTokenIssuanceStartResponseData"
"""``data['@odata.type']`` of an answer."""

PROVIDE_CLAIMS_ACTION_TYPE: Final = "microsoft.graph.tokenIssuanceStart.provideClaimsForToken"
"""``@odata.type`` of an answer's one action."""
