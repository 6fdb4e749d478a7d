"""Without any library or table: the time of Python and Lambda's runtime client alone."""


def lambda_handler(_event: object, _context: object) -> dict[str, object]:
    """Return a constant answer."""
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": _ANSWER}


_ANSWER = (
    '{"data":{"@odata.type":"microsoft.graph.onTokenIssuanceStartResponseData","actions":['
    '{"@odata.type":"microsoft.graph.tokenIssuanceStart.provideClaimsForToken",'
    '"claims":{"customRoles":["Reader","Approver"],"loyaltyTier":"gold"}}]}}'
)
