"""What is in the DynamoDB table: location, items, reading, conditional writes, diff, prune."""
