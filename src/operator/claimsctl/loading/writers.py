"""The writer for what is wanted of rows whose key is in the table already."""

from botocore.config import Config

from claimsctl.loading.calls import Calls
from claimsctl.loading.condition import OnExisting
from claimsctl.loading.conditional import ConditionalWriter
from claimsctl.loading.crew import Writer
from claimsctl.loading.pace import Pace
from claimsctl.loading.replacing import ReplacingWriter
from claimsctl.local.table import TableLocation


def loading_config(workers: int) -> Config:
    """How the AWS SDK is to call for `workers`: tries are counted and spaced here, not there."""
    return Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=workers,
    )


def connect(
    location: TableLocation, mode: OnExisting, workers: int, *, looks: bool, resumed: bool
) -> tuple[Writer, Calls]:
    """What writes rows into the table at `location`, and `looks` before it replaces any.

    Raises `OperatorError`, see `client`.
    """
    client = location.client(loading_config(workers))
    calls = Calls(client, Pace(workers))
    if mode is OnExisting.REPLACE:
        writer = ReplacingWriter(client, location.name, calls, looks=looks, resumed=resumed)
        return writer, calls
    return ConditionalWriter(client, location.name, calls, mode, resumed=resumed), calls
