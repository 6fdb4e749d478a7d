"""Get credentials from a container endpoint, which Lambda uses with SnapStart.

botocore calls such an endpoint three times with a second in between, which is too slow for a
callout. Here, a refused or failed request is repeated sooner. The deadline limits the time for an
answer.
"""

import time
from typing import Final

from botocore.credentials import ContainerProvider
from botocore.session import Session
from botocore.utils import ContainerMetadataFetcher

ATTEMPTS: Final = 6
PAUSE_SECONDS: Final = 0.05
"""All attempts at an endpoint that refuses take 0.3 s, so that both the attempts after a restore
and the callout's own fit into its budget, and it can report the error."""


def retry_soon(session: Session) -> None:
    """Make `session` call its container's credential endpoint in this way."""
    fetcher = ContainerMetadataFetcher(sleep=lambda _: time.sleep(PAUSE_SECONDS))
    fetcher.RETRY_ATTEMPTS = ATTEMPTS
    provider = ContainerProvider(fetcher=fetcher)  # type: ignore[arg-type]  # the stubs are wrong
    session.get_component("credential_provider").insert_before(provider.METHOD, provider)
