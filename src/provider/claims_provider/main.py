"""What Lambda imports. All that is slow happens here, once, before the first callout is handled."""

import gc
import os

# What is imported stays for good: a collection on the way would look through all of it for nothing.
gc.disable()

# pydantic would search all that is installed for plugins of its own, of which there are none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from claims_provider.wiring import build_handler  # noqa: E402

lambda_handler = build_handler()

gc.freeze()  # nor is it looked through by any collection later on
gc.enable()
