"""The whole system on one machine: DynamoDB, HTTP API, JWT authorizer, function, issuer."""
