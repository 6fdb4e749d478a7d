"""The type names of an answer's objects, and explanations of wrong ones."""

from typing import Final

RESPONSE_DATA: Final = "microsoft.graph.onTokenIssuanceStartResponseData"
ACTION: Final = "microsoft.graph.tokenIssuanceStart.provideClaimsForToken"
PREVIEW_ACTION: Final = "microsoft.graph.provideClaimsForToken"
OLD_EVENT: Final = "onTokenIssuanceStartCustomExtension"
"""``type`` of callout and answer in the 2021 preview (apiSchemaVersion 10-01-2021-preview)."""
OLD_ACTION: Final = "ProvideClaimsForToken"
"""``type`` of an action in the 2021 preview."""

CALLOUT_DATA: Final = "microsoft.graph.onTokenIssuanceStartCalloutData"
EVENT: Final = "microsoft.graph.authenticationEvent.tokenIssuanceStart"
OTHER_EVENTS: Final = ("attributeCollectionStart", "attributeCollectionSubmit", "otpSend",
                        "passwordSubmit", "phoneMethodLoadStart")  # fmt: skip


def title_of_data_type(found: str) -> str:
    """Return what is wrong with the type of ``data``, in a sentence."""
    if found in (CALLOUT_DATA, EVENT):
        return "This is the callout's type, not the answer's"
    return _title(found, RESPONSE_DATA, "This is not the type of a Token Issuance Start answer")


def title_of_action_type(found: str | None) -> str:
    """Return what is wrong with an action's type; `found` is ``None`` for no type."""
    if found is None:
        return "The action has no @odata.type"
    if found == OLD_ACTION:
        return "This is the action type of the 2021 preview"
    if found in (RESPONSE_DATA, CALLOUT_DATA, EVENT):
        return "This is the type of another level, not of the action"
    return _title(found, ACTION, "The action type is not valid")


def _title(found: str, right: str, otherwise: str) -> str:
    if found.strip() == right:
        return "The type has white space around it"
    if found.lstrip("#") == right:
        return "The type begins with #"
    if found.lower() == right.lower():
        return "The type differs in case"
    for event in OTHER_EVENTS:
        if event.lower() in found.lower():
            return f"This is the type of another event: {event}"
    return otherwise
