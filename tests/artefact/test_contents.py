"""The artefact holds the function and what it reaches, and nothing else."""

from pathlib import Path

import pytest

from tests.artefact.artefact import PROVIDER, files_in

BYTES_MAX = {"arm64": 25_500_000, "x86_64": 26_500_000}
"""Three quarters are native code of cryptography and pydantic, which is larger for x86_64."""

TOPS = {
    "_cffi_backend.so",
    "annotated_types",
    "aws_lambda_powertools",
    "botocore",
    "claims_provider",
    "cryptography",
    "dateutil",
    "jmespath",
    "jwt",
    "pydantic",
    "pydantic_core",
    "requirements.txt",
    "six.pyc",
    "typing_extensions.pyc",
    "typing_inspection",
    "urllib3",
}
BOTOCORE_DATA = {
    "_retry.json",
    "dynamodb/2012-08-10/endpoint-rule-set-1.json",
    "dynamodb/2012-08-10/service-2.json",
    "endpoints.json",
    "partitions.json",
    "sdk-default-configuration.json",
}
OTHER_DATA = {
    "botocore/cacert.pem",
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
    "requirements.txt",
}


def test_it_holds_the_function_and_its_libraries(arm64: Path) -> None:
    """No claimsctl, no boto3, no metadata of packages, no scripts: these names and no other."""
    tops = {
        f"{name.partition('.')[0]}.so" if name.endswith(".so") else name.partition("/")[0]
        for name in (path.name for path in arm64.iterdir())
    }
    assert TOPS == tops


def test_the_whole_function_is_in_it(arm64: Path) -> None:
    """Every module of ours is in it, byte for byte."""
    ours = {
        path.relative_to(PROVIDER).as_posix(): path.read_bytes()
        for path in (PROVIDER / "claims_provider").rglob("*.py")
    }
    shipped = {
        name: path.read_bytes() for name, path in files_in(arm64).items() if name.endswith(".py")
    }
    assert ours == shipped


def test_only_dynamodb_is_described(arm64: Path) -> None:
    """Of botocore's data there is what a DynamoDB client reads, no other service."""
    prefix = "botocore/data/"
    found = {name.removeprefix(prefix) for name in files_in(arm64) if name.startswith(prefix)}
    assert BOTOCORE_DATA == found


def test_nothing_but_code_and_known_data(arm64: Path) -> None:
    """No type stubs, no headers, no documentation, no web pages."""
    files = files_in(arm64)
    code = {name for name in files if name.endswith((".py", ".pyc", ".so"))}
    assert OTHER_DATA | {f"botocore/data/{name}" for name in BOTOCORE_DATA} == files.keys() - code


def test_no_tests(arm64: Path) -> None:
    """Nobody's tests ship."""
    parts = {part.partition(".")[0] for name in files_in(arm64) for part in name.split("/")}
    assert set() == parts & {"test", "tests", "testing", "conftest"}


@pytest.mark.parametrize("architecture", BYTES_MAX)
def test_it_is_small(architecture: str, request: pytest.FixtureRequest) -> None:
    """Unpacked, what ships stays below 25.5 MB, and the variant for tests below 26.5."""
    files = files_in(request.getfixturevalue(architecture)).values()
    assert sum(path.stat().st_size for path in files) < BYTES_MAX[architecture]
