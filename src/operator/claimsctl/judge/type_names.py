"""The types that an answer's objects are called by, and what a wrong one is."""

from typing import Final

RESPONSE_DATA: Final = "microsoft.graph.onTokenIssuanceStartResponseData"
ACTION: Final = "microsoft.graph.tokenIssuanceStart.provideClaimsForToken"
PREVIEW_ACTION: Final = "microsoft.graph.provideClaimsForToken"
OLD_EVENT: Final = "onTokenIssuanceStartCustomExtension"
"""``type`` of callout and answer in the preview of 2021 (apiSchemaVersion 10-01-2021-preview)."""
OLD_ACTION: Final = "ProvideClaimsForToken"
"""``type`` of an action there."""

CALLOUT_DATA: Final = "microsoft.graph.onTokenIssuanceStartCalloutData"
EVENT: Final = "microsoft.graph.authenticationEvent.tokenIssuanceStart"
OTHER_EVENTS: Final = ("attributeCollectionStart", "attributeCollectionSubmit", "otpSend",
                        "passwordSubmit", "phoneMethodLoadStart")  # fmt: skip


def title_of_data_type(found: str) -> str:
    """What is wrong with the type of ``data``, in a sentence."""
    if found in (CALLOUT_DATA, EVENT):
        return "This is the callout's own type, not the answer's"
    return _title(found, RESPONSE_DATA, "The data are not a Token Issuance Start answer's")


def title_of_action_type(found: str | None) -> str:
    """What is wrong with an action's type, in a sentence; `found` is ``None`` for no type."""
    if found is None:
        return "The action has no @odata.type"
    if found == OLD_ACTION:
        return "This is the action type of the preview of 2021"
    if found in (RESPONSE_DATA, CALLOUT_DATA, EVENT):
        return "This is another level's type, not the action's"
    return _title(found, ACTION, "The action type is not valid")


def _title(found: str, right: str, otherwise: str) -> str:
    if found.strip() == right:
        return "The type has blanks round it"
    if found.lstrip("#") == right:
        return "The type begins with #"
    if found.lower() == right.lower():
        return "The type differs in capitals"
    for event in OTHER_EVENTS:
        if event.lower() in found.lower():
            return f"This is the type of another event: {event}"
    return otherwise
