"""Credentials from a container's endpoint, as Lambda hands them over under SnapStart.

botocore asks such an endpoint three times with a second in between: right for a program that
starts, too slow for a callout that Entra waits for. A refused or failed request is repeated soon
here. How long all of it may take is the deadline's business, not the endpoint's.
"""

from typing import Final

from botocore.credentials import ContainerProvider
from botocore.session import Session
from botocore.utils import ContainerMetadataFetcher


class _Fetcher(ContainerMetadataFetcher):
    RETRY_ATTEMPTS: Final = 10
    SLEEP_TIME: Final = 0.04
    """Seconds. All attempts at an endpoint that refuses take 0.4 s, so that the callout that waits
    for them can say what was wrong."""


def retry_soon(session: Session) -> None:
    """Let `session` ask its container's credential endpoint so."""
    resolver = session.get_component("credential_provider")
    resolver.insert_before(ContainerProvider.METHOD, ContainerProvider(fetcher=_Fetcher()))
