"""The function: answers Microsoft Entra's Token Issuance Start callout with claims from DynamoDB.

``inbound`` (event, caller, callout) → ``claims`` (items, layers) → ``outbound`` (answer). The steps
are joined in ``handler`` and created once per cold start in ``wiring``.
"""
