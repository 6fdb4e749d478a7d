"""The function: answers Microsoft Entra's Token Issuance Start callout with claims from DynamoDB.

``inbound`` (what arrived, who calls, what is asked) → ``claims`` (what we know) → ``outbound``
(what we answer), joined in ``handler`` and put together once per cold start in ``wiring``.
"""
