"""What Lambda imports. All that is slow happens here, once, before the first callout is handled."""

from claims_provider.wiring import build_handler

lambda_handler = build_handler()
