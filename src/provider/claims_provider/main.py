"""What Lambda imports. All that is slow happens here, once, before the first callout is handled."""

import gc

# What is imported stays for good: a collection on the way would look through all of it for nothing.
gc.disable()

from claims_provider.wiring import build_handler  # noqa: E402

lambda_handler = build_handler()

gc.freeze()  # nor is it looked through by any collection later on
gc.enable()
