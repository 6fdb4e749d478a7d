"""Measure what SnapStart saves and what its hooks cost.

``make artefacts && PYTHONPATH=. .venv/bin/python bench/snapshot.py [RUNS]``. The built artefact
(x86_64) runs under Lambda's own runtime client with a table on the loopback interface, over HTTP
and TLS. No machine is frozen, so the time that Lambda needs to restore memory is not included, only
the function's own time. All variants run in turn in one run; every figure is a median.
"""

import json
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import trustme

from tests.artefact.artefact import ROOT
from tests.fakes import ENVIRONMENT
from tests.integration.behaviours import answer_json
from tests.integration.deployment import member_event
from tests.integration.exchange import Exchange
from tests.integration.fault_proxy import Behaviour, FaultProxy
from tests.runtime.runtime_api import Environment, snapstart

RUNS = int(sys.argv[1]) if sys.argv[1:] else 15
ARTEFACT = ROOT / ".cache/artefact/x86_64/ClaimsFunction"
SNAPSTART = "snap-start"
VARIANTS = {
    "cold start": ("on-demand", ""),
    "SnapStart": (SNAPSTART, ""),
    "SnapStart, not primed": (SNAPSTART, "SnapshotHooks._prime = lambda self: None"),
    "SnapStart, no hooks": (SNAPSTART, "SnapshotHooks.register = lambda self: None"),
}
"""The kind of environment, and what is changed in it."""

_HANDLER = """
import time
from snapshot_restore_py import register_after_restore
from claims_provider.snapshot import SnapshotHooks
{}
register_after_restore(lambda: begin())
from claims_provider.main import lambda_handler as answer
def begin():
    global began
    began = time.process_time()
def lambda_handler(event, context):
    response = answer(event, context)
    response["cpu_ms"] = 1000 * (time.process_time() - began)
    begin()
    return response
begin()
"""
"""The function, which tells with its answer how much CPU time was used since the restore."""


def _answer(exchange: Exchange) -> None:
    (table,) = json.loads(exchange.request.body)["RequestItems"]
    answer_json({"Responses": {table: []}, "UnprocessedKeys": {}})(exchange)


def _credentials(exchange: Exchange) -> None:
    answer_json(
        {
            "AccessKeyId": "a",
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": "2100-01-01T00:00:00Z",
        }
    )(exchange)


@contextmanager
def _environment(name: str, variables: dict[str, str]) -> Iterator[Environment]:
    kind, change = VARIANTS[name]
    own = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
    if kind == SNAPSTART:
        own = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": variables["CREDENTIALS"]}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        (scratch / "measured.py").write_text(_HANDLER.format(change))
        own["AWS_LAMBDA_INITIALIZATION_TYPE"] = kind
        with snapstart(
            ARTEFACT, scratch, "measured.lambda_handler", **{**variables, **own}
        ) as environment:
            yield environment


def _run(name: str, variables: dict[str, str]) -> tuple[float, ...]:
    """Milliseconds: to the snapshot or first call; to the first answer; its CPU time, the next's.

    The first answer counts from the restore, or from the first call where there is none.
    """
    began = time.monotonic()
    with _environment(name, variables) as environment:
        if VARIANTS[name][0] == SNAPSTART:
            started = environment.wait_for_snapshot().at
            restored = time.monotonic()
            environment.restore()
        else:
            started = restored = environment.wait_for_call().at
        first = environment.invoke(member_event())
        answered = time.monotonic()
        next_ = environment.invoke(member_event())
    spans = (1000 * (started - began), 1000 * (answered - restored))
    return *spans, first["cpu_ms"], next_["cpu_ms"]


def main() -> None:
    """Print the table."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with (
        tempfile.NamedTemporaryFile() as bundle,
        FaultProxy("", Behaviour(_answer)) as plain,
        FaultProxy("", Behaviour(_answer), tls=tls) as secure,
        FaultProxy("", Behaviour(_credentials)) as credentials,
    ):
        # As many certificates as a client reads on Lambda.
        bundle.write((ARTEFACT / "botocore/cacert.pem").read_bytes() + b"\n")
        bundle.write(authority.cert_pem.bytes())
        bundle.flush()
        for url in (plain.url, secure.url.replace("http:", "https:")):
            variables = {
                **ENVIRONMENT,
                "CALLER_VERIFICATION": "none",
                "AWS_ENDPOINT_URL_DYNAMODB": url,
                "AWS_CA_BUNDLE": bundle.name,
                "CREDENTIALS": credentials.url,
            }
            runs: dict[str, list[tuple[float, ...]]] = {name: [] for name in VARIANTS}
            for _ in range(RUNS):
                for name in VARIANTS:
                    runs[name].append(_run(name, variables))
            lines = [
                f"{url.partition(':')[0]}, median of {RUNS} (quartiles), ms",
                f"{'':24}{'start':>22}{'to first answer':>22}{'CPU':>22}{'CPU, next':>22}",
                *(
                    f"{name:24}" + "".join(map(_cell, zip(*taken, strict=True)))
                    for name, taken in runs.items()
                ),
            ]
            sys.stdout.write("\n".join(lines) + "\n\n")


def _cell(values: tuple[float, ...]) -> str:
    low, _, high = quantiles(values, n=4)
    return f"{median(values):8.1f} ({low:.1f}-{high:.1f})".rjust(22)


if __name__ == "__main__":
    main()
