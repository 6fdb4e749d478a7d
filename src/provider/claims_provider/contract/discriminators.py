"""The ``type`` and ``@odata.type`` values of a callout and its answer, from Entra's reference."""

from typing import Final

EVENT_TYPE: Final = "microsoft.graph.authenticationEvent.tokenIssuanceStart"
"""``type`` of a callout, compared case-insensitively as in the official library."""

CALLOUT_DATA_TYPE: Final = "microsoft.graph.onTokenIssuanceStartCalloutData"
"""``data['@odata.type']`` of a callout, compared exactly as in the official library."""

RESPONSE_DATA_TYPE: Final = "microsoft.graph.onTokenIssuanceStartResponseData"
"""``data['@odata.type']`` of an answer."""

PROVIDE_CLAIMS_ACTION_TYPE: Final = "microsoft.graph.tokenIssuanceStart.provideClaimsForToken"
"""``@odata.type`` of an answer's only action."""
