"""Credentials from a container's endpoint, as Lambda hands them over under SnapStart.

botocore asks such an endpoint three times with a second in between: right for a program that
starts, too slow for a callout that Entra waits for. A refused or failed request is repeated soon
here. How long an answer may take is the deadline's business.
"""

import time
from typing import Final

from botocore.credentials import ContainerProvider
from botocore.session import Session
from botocore.utils import ContainerMetadataFetcher

ATTEMPTS: Final = 6
PAUSE_SECONDS: Final = 0.05
"""All attempts at an endpoint that refuses take 0.3 s: those begun after a restore and the
callout's own fit into its budget, so that it can say what was wrong."""


def retry_soon(session: Session) -> None:
    """Let `session` ask its container's credential endpoint so."""
    fetcher = ContainerMetadataFetcher(sleep=lambda _: time.sleep(PAUSE_SECONDS))
    fetcher.RETRY_ATTEMPTS = ATTEMPTS
    provider = ContainerProvider(fetcher=fetcher)  # type: ignore[arg-type]  # the stubs are wrong
    session.get_component("credential_provider").insert_before(provider.METHOD, provider)
