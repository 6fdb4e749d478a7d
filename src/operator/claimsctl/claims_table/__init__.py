"""The claims in a DynamoDB table: location, items, reading, conditional writes, diff, prune."""
