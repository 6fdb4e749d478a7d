"""No library and no table: what Python and Lambda's runtime client take by themselves."""


def lambda_handler(_event: object, _context: object) -> dict[str, object]:
    """The floor: the answer as a constant."""
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": _ANSWER}


_ANSWER = (
    '{"data":{"@odata.type":"microsoft.graph.onTokenIssuanceStartResponseData","actions":['
    '{"@odata.type":"microsoft.graph.tokenIssuanceStart.provideClaimsForToken",'
    '"claims":{"customRoles":["Reader","Approver"],"loyaltyTier":"gold"}}]}}'
)
