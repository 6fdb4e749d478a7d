"""Lambda's entry point. All slow work happens here once, before the first callout."""

import gc
import os

# Imported objects are never freed, so a garbage collection now would only cost time.
gc.disable()

# Without this, pydantic searches all installed packages for plugins; there are none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from claims_provider.wiring import build_handler  # noqa: E402

lambda_handler = build_handler()

gc.freeze()  # later collections skip the imported objects too
gc.enable()
