"""What is left out of the libraries is missed by nothing that is kept."""

import ast
import gzip
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.artefact.artefact import PROVIDER, files_in, runtime_python

LIBRARIES = Path(sysconfig.get_path("purelib"))
POWERTOOLS = "aws_lambda_powertools"
OPTIONAL = {
    # A kept module, what it imports inside a function, and why ours never gets there.
    (f"{POWERTOOLS}.shared.functions", f"{POWERTOOLS}.event_handler.openapi.compat"): (
        "a pydantic model that is logged: telemetry is given codes, counts and timings"
    ),
    ("pydantic._internal._generate_schema", "pydantic.v1"): (
        "a type of pydantic's old interface in a model: ours have none"
    ),
}

RESOLVE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import botocore.session
from botocore.config import Config
session = botocore.session.Session()
found = {}
for region in json.loads(sys.argv[2]):
    for fips in (False, True):
        client = session.create_client("dynamodb", region, config=Config(use_fips_endpoint=fips))
        found[f"{region} {fips}"] = [client.meta.endpoint_url, client.meta.partition,
                                     client._request_signer.region_name]
print(json.dumps(found))
"""


def _module(name: str) -> str:
    return name.rpartition(".")[0].replace("/", ".").removesuffix(".__init__")


def _kept(folder: Path) -> dict[str, Path]:
    """Libraries' modules in the artefact, with their sources in this environment."""
    names = [
        name for name in files_in(folder) if name.endswith(".pyc") and "__pycache__" not in name
    ]
    return {_module(name): LIBRARIES / name.removesuffix("c") for name in names}


def _imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """All imports, those inside functions too, but not those for type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _imports(ast.Module([other], []))
        elif isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        else:
            yield from _imports(child)


def _imported(module: str, source: Path) -> Iterator[str]:
    package = module if source.name == "__init__.py" else module.rpartition(".")[0]
    for node in _imports(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            continue
        base = node.module or ""
        if node.level:
            parts = package.split(".")
            parts = parts[: len(parts) - node.level + 1]
            base = ".".join([*parts, node.module] if node.module else parts)
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _is_module(name: str) -> bool:
    path = LIBRARIES / name.replace(".", "/")
    return (path / "__init__.py").is_file() or path.with_suffix(".py").is_file()


def test_no_kept_module_imports_one_that_is_left_out(arm64: Path) -> None:
    """Neither at its top nor in any function, for an error perhaps, but where a reason is given."""
    kept = _kept(arm64)
    tops = {name.partition(".")[0] for name in kept} | {"boto3", "s3transfer", "cffi", "pycparser"}
    missed = {
        (module, name)
        for module, source in kept.items()
        for name in _imported(module, source)
        if name.partition(".")[0] in tops and name not in kept and _is_module(name)
    }
    assert OPTIONAL.keys() == missed


def test_these_are_the_libraries_that_ship() -> None:
    """The sources looked at above are those of the versions that the function is built from."""
    pins = [
        line.partition(" ")[0].split("==")
        for line in (PROVIDER / "requirements.txt").read_text("utf-8").splitlines()
        if "==" in line
    ]
    assert pins
    for name, pinned in pins:
        assert pinned == version(name.partition("[")[0]), name


def test_every_region_of_every_partition_is_found(arm64: Path) -> None:
    """With one service's endpoints a client goes where it goes with all of them, FIPS included."""
    endpoints = json.loads((LIBRARIES / "botocore/data/endpoints.json").read_bytes())
    partitions = endpoints["partitions"]
    assert {"aws", "aws-cn", "aws-us-gov", "aws-eusc"} <= {part["partition"] for part in partitions}
    regions = json.dumps([*(name for part in partitions for name in part["regions"]), "eu-new-9"])
    whole, cut = (
        subprocess.run(
            [python, "-c", RESOLVE, str(folder), regions],
            check=True, capture_output=True, env=os.environ, timeout=200,
        ).stdout
        for python, folder in ((sys.executable, LIBRARIES), (runtime_python(), arm64))
    )  # fmt: skip
    assert json.loads(whole) == json.loads(cut)


def _undocumented(node: Any) -> Any:
    match node:
        case dict():
            return {
                name: _undocumented(value)
                for name, value in node.items()
                if name != "documentation" or not isinstance(value, str)
            }
        case list():
            return [_undocumented(member) for member in node]
        case _:
            return node


def _named_shapes(node: Any) -> Iterator[str]:
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, dict | list):
            yield from _named_shapes(value)
    if isinstance(node, dict) and isinstance(node.get("shape"), str):
        yield node["shape"]


def test_the_operation_is_described_as_in_the_whole(arm64: Path) -> None:
    """Of DynamoDB's description all is left that leads from BatchGetItem, word for word."""
    name = "botocore/data/dynamodb/2012-08-10/service-2.json"
    whole = _undocumented(json.loads(gzip.decompress((LIBRARIES / f"{name}.gz").read_bytes())))
    cut = json.loads((arm64 / name).read_bytes())
    assert {"BatchGetItem"} == cut["operations"].keys()
    assert set(_named_shapes(cut)) == cut["shapes"].keys()
    for part in ("operations", "shapes"):
        whole[part] = {name: whole[part][name] for name in cut[part]}
    assert whole == cut


@pytest.mark.parametrize("name", ["boto3", "s3transfer", "cffi", "pycparser"])
def test_libraries_left_out_are_missed_by_ours_neither(name: str) -> None:
    """The function imports no library that does not ship."""
    for source in (PROVIDER / "claims_provider").rglob("*.py"):
        module = _module(source.relative_to(PROVIDER).as_posix())
        tops = {imported.partition(".")[0] for imported in _imported(module, source)}
        assert name not in tops, source
