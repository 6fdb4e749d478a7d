"""Replace the process's environment while the AWS SDK and Powertools must not read it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

LOG_LEVEL = "POWERTOOLS_LOG_LEVEL"
"""The variable for the function's log level."""
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_LEVELS_OF_OTHERS = ("LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL")

_OF_THE_SDK = ("AWS_", "BOTO_", "REQUESTS_CA_BUNDLE")


@contextmanager
def process_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Replace the process's environment with `variables` while the context is active."""
    before = dict(os.environ)
    _replace(variables)
    try:
        yield
    finally:
        _replace(before)


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` without the AWS SDK's settings, including those in its files."""
    kept = {name: value for name, value in environment.items() if not name.startswith(_OF_THE_SDK)}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def without_logging(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` without the variables that would change the function's log.

    Powertools variables in an operator's shell are for other functions, and some of them make
    Powertools write to standard output. A valid ``POWERTOOLS_LOG_LEVEL`` is kept.
    """
    return {name: value for name, value in environment.items() if _counts(name, value)}


def _counts(name: str, value: str) -> bool:
    if name == LOG_LEVEL:
        return value.upper() in _LOG_LEVELS
    return not name.startswith("POWERTOOLS_") and name not in _LEVELS_OF_OTHERS


def _replace(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
