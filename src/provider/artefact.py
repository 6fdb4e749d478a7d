"""Make the Lambda artefact from what pip installed: ``artefact.py STAGE ARTEFACT MACHINE``.

The Makefile in this folder runs it with the runtime's Python version; any other version makes no
byte code. docs/adr/0009 and 0017 explain what is left out and why that is safe. Two runs make the
same bytes.
"""

import gzip
import json
import os
import shutil
import struct
import sys
from compileall import compile_dir, compile_file
from fnmatch import fnmatch
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any, Final

OURS: Final = "claims_provider"
RUNTIME_VERSION: Final = (3, 13)
RUNTIME_FOLDER: Final = "/var/task"
"""Where Lambda unpacks the artefact; tracebacks show this path."""

LEFT_OUT: Final = (
    "*.dist-info",  # only pydantic reads it, to search for plugins
    "bin",
    "boto3",  # the function calls botocore
    "s3transfer",
    "cffi",  # cryptography loads _cffi_backend; this package generates C code
    "pycparser",
    "pydantic/mypy.py",
    "pydantic/v1",  # for models of pydantic 1
    "aws_lambda_powertools/event_handler",
    *(
        f"aws_lambda_powertools/utilities/{feature}"
        for feature in (
            *("auth_alpha", "batch", "circuit_breaker", "data_classes", "data_masking"),
            *("feature_flags", "idempotency", "kafka", "metadata", "parameters", "parser"),
            *("streaming", "validation"),
        )
    ),
)
ENDPOINTS: Final = "botocore/data/endpoints.json"
SERVICE: Final = "dynamodb"
DESCRIPTION: Final = "botocore/data/dynamodb/2012-08-10/service-2.json"
RULE_SET: Final = "botocore/data/dynamodb/2012-08-10/endpoint-rule-set-1.json"
OPERATION: Final = "BatchGetItem"

DATA: Final = frozenset(
    {
        "botocore/cacert.pem",
        "botocore/data/_retry.json",
        ENDPOINTS,
        "botocore/data/partitions.json",
        "botocore/data/sdk-default-configuration.json",
        f"{RULE_SET}.gz",
        f"{DESCRIPTION}.gz",
        "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
    }
)
"""The files other than code that are read."""

_ELF_MACHINES: Final = {"x86_64": 62, "aarch64": 183}
_ELF_HEADER: Final = struct.Struct("<4s14xH")
_MOMENT: Final = 946_684_800
"""Every file's time, in the year 2000: ZIP does not support times before 1980 in any time zone."""


def lay_out(stage: Path, artefact: Path, machine: str) -> None:
    """Fill the empty folder `artefact` from `stage`, for an ELF `machine`.

    Raises ``ValueError`` for files that must not ship.
    """
    if artefact.exists() and any(artefact.iterdir()):
        message = f"{artefact} is not empty"
        raise ValueError(message)
    for path in sorted(stage.rglob("*")):
        name = path.relative_to(stage).as_posix()
        if path.is_file() and _ships(name):
            _copy(path, artefact / name)
    here = Path(__file__).parent
    for path in sorted((here / OURS).rglob("*.py")):
        _copy(path, artefact / path.relative_to(here))
    _copy(here / "requirements.txt", artefact / "requirements.txt")  # lists the contents
    for name in (DESCRIPTION, RULE_SET):
        _unzip(artefact / f"{name}.gz")
    _cut_endpoints(artefact / ENDPOINTS)
    _cut_description(artefact / DESCRIPTION)
    for library in artefact.rglob("*.so"):
        _check_machine(library, machine)
    if sys.version_info[:2] == RUNTIME_VERSION:  # other versions' byte code would not be read
        for path in sorted(artefact.iterdir()):
            _compile(path, artefact, is_ours=path.name == OURS)
    _normalise(artefact)


def _ships(name: str) -> bool:
    if any(fnmatch(name, pattern) or fnmatch(name, f"{pattern}/*") for pattern in LEFT_OUT):
        return False
    return name.endswith((".py", ".so")) or name in DATA


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _unzip(path: Path) -> None:
    """Write the uncompressed form, which botocore also reads, and faster."""
    _write(path.with_suffix(""), json.loads(gzip.decompress(path.read_bytes())))
    path.unlink()


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, separators=(",", ":")), "utf-8")


def _cut_endpoints(path: Path) -> None:
    """Keep all partitions and regions, and only the service that is called."""
    document = json.loads(path.read_text("utf-8"))
    for partition in document["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name == SERVICE}
    _write(path, document)


def _cut_description(path: Path) -> None:
    """Keep only the operation that is called and the shapes that it needs."""
    document = json.loads(path.read_bytes(), object_hook=_without_documentation)
    operation, shapes = document["operations"][OPERATION], document["shapes"]
    reached: set[str] = set()
    nodes: list[object] = [operation]
    while nodes:
        match nodes.pop():
            case {"shape": str(name), **others}:
                nodes += [*others.values(), *([] if name in reached else [shapes[name]])]
                reached.add(name)
            case dict() as node:
                nodes += node.values()
            case list() as members:
                nodes += members
    document["operations"] = {OPERATION: operation}
    document["shapes"] = {name: shapes[name] for name in shapes if name in reached}
    _write(path, document)


def _without_documentation(node: dict[str, Any]) -> dict[str, Any]:
    """Skip an object: a member may have that name."""
    if isinstance(node.get("documentation"), str):
        del node["documentation"]
    return node


def _check_machine(library: Path, machine: str) -> None:
    magic, found = _ELF_HEADER.unpack(library.read_bytes()[: _ELF_HEADER.size])
    if (magic, found) != (b"\x7fELF", _ELF_MACHINES[machine]):
        message = f"{library} is not for {machine}"
        raise ValueError(message)


def _compile(path: Path, artefact: Path, *, is_ours: bool) -> None:
    """Compile byte code that is valid for any file times: the artefact is read-only on Lambda.

    The function's code keeps its source, so that tracebacks show lines. Libraries ship without
    source, which would be a fifth of the artefact and is not read.
    """
    compile_ = compile_dir if path.is_dir() else compile_file
    done = compile_(
        str(path),
        quiet=1,
        optimize=0,
        legacy=not is_ours,
        stripdir=str(artefact),
        prependdir=RUNTIME_FOLDER,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not done:
        message = f"{path} does not compile"
        raise ValueError(message)
    if not is_ours:
        for source in [path] if path.suffix == ".py" else path.rglob("*.py"):
            source.unlink()


def _normalise(artefact: Path) -> None:
    """Set modes and times that do not depend on umask or clock."""
    for path in [artefact, *artefact.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (_MOMENT, _MOMENT))


if __name__ == "__main__":
    try:
        lay_out(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    except ValueError as error:
        sys.exit(f"artefact.py: {error}")
