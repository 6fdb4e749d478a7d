"""`claimsctl claims load --via s3://…`: a file into a new table by DynamoDB's own import."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3.session
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from claimsctl.resources import bundled

from tests.claims_file.files import TENANT
from tests.cli.command import Outcome, Run
from tests.integration.engine import patient_client

PARTS = r"s3://{bucket}/in/[0-9a-f]{{16}}/"
ROWS = "user,tier\n" + "".join(f"u{n}@x,gold\n" for n in range(30))
UNDER_WAY = {"ImportTableDescription": {"ImportArn": "arn", "ImportStatus": "IN_PROGRESS"}}

Step = Callable[..., None]


@pytest.fixture
def bucket(engine: str) -> Iterator[str]:
    """An empty bucket in moto."""
    s3 = boto3.session.Session().client("s3", endpoint_url=engine)
    name = f"bucket-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    yield name
    s3.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Thirty rows."""
    path = tmp_path / "claims.csv"
    path.write_text(ROWS)
    return path


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a table that does not exist; waits are short."""
    monkeypatch.setattr("claimsctl.loading.import_table._FIRST_WAIT_SECONDS", 0.05)
    monkeypatch.setattr("claimsctl.loading.import_table._SWITCH_SECONDS", 0.01)
    return f"new-{uuid4().hex}"


@pytest.fixture
def on_call(monkeypatch: pytest.MonkeyPatch) -> Step:
    """`on_call(operation, answer)`: a call gives `answer` instead, or raises it."""
    answers: dict[str, Any] = {}
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: BaseClient, operation: str, arguments: object) -> object:
        answer = answers.get(operation)
        if isinstance(answer, BaseException):
            raise answer
        return real(self, operation, arguments) if answer is None else answer

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return answers.__setitem__


def load(run: Run, engine: str, file: Path, name: str, via: str) -> Outcome:
    """The outcome of an import."""
    where = ("--endpoint-url", engine, "--table", name, "--tenant", TENANT)
    return run(
        "claims",
        "load",
        file,
        *where,
        "--via",
        via,
        AWS_ENDPOINT_URL_S3=engine,
        AWS_ENDPOINT_URL_STS=engine,
    )


def denied(operation: str) -> ClientError:
    """Not allowed."""
    error = {"Error": {"Code": "AccessDeniedException", "Message": "not allowed"}}
    return ClientError(error, operation)  # type: ignore[arg-type]


def test_a_file_becomes_a_table(run: Run, engine: str, bucket: str, file: Path, name: str) -> None:
    """Uploaded, imported, counted, protected as the stack's own table is; then what to do next."""
    outcome = load(run, engine, file, name, f"s3://{bucket}/in")
    parts = PARTS.format(bucket=bucket)
    message = (
        rf"1 part uploaded to {parts}: \d+ bytes, \d,\d+ uncompressed\n"
        rf"import arn:aws:dynamodb:us-east-1:\d+:table/{name}/import/\w+ started\n"
        r"30 of 30 rows imported, 0 errors\n"
        r"TTL on expires_at enabled\npoint-in-time recovery enabled\n"
        r"deletion protection enabled\n"
    )
    next_ = (
        rf"Table {name} contains the file's 30 rows\.\n"
        rf"To use it, deploy the stack with the parameter ExistingTableName={name}\.\n"
        rf"To delete the uploaded parts: aws s3 rm --recursive {parts}\n"
    )
    assert (0, True, True) == (
        outcome.exit_code,
        bool(re.fullmatch(message, outcome.err)),
        bool(re.fullmatch(next_, outcome.out)),
    )
    client = patient_client(engine)
    table = client.describe_table(TableName=name)["Table"]
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert (30, True) == (table["ItemCount"], table["DeletionProtectionEnabled"])
    assert [("pk", "HASH"), ("sk", "RANGE")] == [
        (key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]
    ]
    assert "PAY_PER_REQUEST" == table["BillingModeSummary"]["BillingMode"]
    assert "ENABLED" == backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"} == ttl
    where = ("--endpoint-url", engine, "--table", name)
    assert 0 == run("claims", "diff", file, "--tenant", TENANT, *where).exit_code
    client.close()


@pytest.mark.parametrize(
    ("operation", "done"),
    [
        ("DescribeTable", []),
        ("GetCallerIdentity", []),
        ("HeadObject", []),
        ("PutObject", []),
        ("ListObjectsV2", ["1 part uploaded to "]),
        ("ImportTable", ["1 part uploaded to "]),
        ("UpdateTimeToLive", ["1 part uploaded to ", "import arn:", "30 of 30 rows imported"]),
        (
            "UpdateContinuousBackups",
            ["1 part uploaded to ", "import arn:", "30 of", "TTL on expires_at"],
        ),
        ("UpdateTable", ["1 part", "import", "30", "TTL", "point-in-time recovery enabled"]),
    ],
)
def test_each_step_that_fails_says_what_is_done(
    run: Run, engine: str, bucket: str, file: Path, name: str, on_call: Step, operation: str,
    done: list[str],
) -> None:  # fmt: skip
    """Completed steps are listed before the error, with exit code 3; without any, it is 2."""
    on_call(operation, denied(operation))
    outcome = load(run, engine, file, name, f"s3://{bucket}/in")
    *message, error = outcome.err.splitlines()
    assert error.startswith(f"claimsctl: table {name}: ")
    assert ("not allowed" in error, not done) == (True, error.endswith(". Nothing was done"))
    assert len(done) == len(message)
    assert all(one.startswith(begin) for one, begin in zip(message, done, strict=True))
    assert (3 if done else 2, "") == (outcome.exit_code, outcome.out)


def test_the_same_command_goes_on(
    run: Run, engine: str, bucket: str, file: Path, name: str, on_call: Step
) -> None:
    """What is uploaded is not sent again; an import that is under way or done is taken up."""
    via = f"s3://{bucket}/in"
    on_call("ImportTable", denied("ImportTable"))
    assert 3 == load(run, engine, file, name, via).exit_code
    on_call("ImportTable", None)
    on_call("UpdateTimeToLive", denied("UpdateTimeToLive"))
    stopped = load(run, engine, file, name, via)
    assert (3, True) == (stopped.exit_code, "1 part (1 already existed)" in stopped.err)
    (arn,) = re.findall(r"^import (arn:\S+) started", stopped.err, re.MULTILINE)
    (prefix,) = re.findall(rf"s3://{bucket}/(\S+/):", stopped.err)
    source = {"S3Bucket": bucket, "S3KeyPrefix": prefix}
    on_call(
        "ListImports",
        {"ImportSummaryList": [{"ImportArn": arn, "StartTime": 1, "S3BucketSource": source}]},
    )
    on_call("UpdateTimeToLive", None)
    on_call("PutObject", denied("PutObject"))
    on_call("ImportTable", denied("ImportTable"))
    outcome = load(run, engine, file, name, via)
    assert [
        "30 of 30 rows imported, 0 errors",
        "TTL on expires_at enabled",
        "point-in-time recovery enabled",
        "deletion protection enabled",
    ] == outcome.err.splitlines()
    assert 0 == outcome.exit_code


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            {"ImportStatus": "FAILED", "ImportedItemCount": 29, "ErrorCount": 1,
             "FailureCode": "ItemValidationError", "FailureMessage": "bad",
             "CloudWatchLogGroupArn": "arn:logs"},
            "FAILED: 29 of 30 rows imported, 1 error. ItemValidationError: bad (the errors of",
        ),
        (
            {"ImportStatus": "COMPLETED", "ImportedItemCount": 29, "ErrorCount": 0},
            "COMPLETED: 29 of 30 rows imported, 0 errors.",
        ),
        ({"ImportStatus": "CANCELLED"}, "CANCELLED: 0 of 30 rows imported"),
    ],
    ids=["failed", "short", "cancelled"],
)  # fmt: skip
def test_counts_that_differ_are_reported(
    run: Run, engine: str, bucket: str, file: Path, name: str, on_call: Step,
    state: dict[str, Any], message: str,
) -> None:  # fmt: skip
    """A table that is not the file is not protected from being deleted, and not called done."""
    on_call("ImportTable", UNDER_WAY)
    on_call("DescribeImport", {"ImportTableDescription": state})
    outcome = load(run, engine, file, name, f"s3://{bucket}/in")
    assert (3, True) == (
        outcome.exit_code,
        f"the import ended with status {message}" in outcome.err,
    )
    assert "deletion protection" not in outcome.err


def test_an_interrupted_import_goes_on_by_itself(
    run: Run, engine: str, bucket: str, file: Path, name: str, on_call: Step
) -> None:
    """Ctrl-C ends the waiting but not the import, and the message says so."""
    on_call("ImportTable", UNDER_WAY)
    on_call("DescribeImport", KeyboardInterrupt())
    outcome = load(run, engine, file, name, f"s3://{bucket}/in")
    message = (
        "interrupted, but the import continues; to continue from here, run the same command again"
    )
    assert (3, f"claimsctl: table {name}: {message}") == (
        outcome.exit_code,
        outcome.err.splitlines()[-1],
    )


@pytest.mark.parametrize("status", [None, "FAILED"])
def test_a_table_in_the_way(
    run: Run, engine: str, bucket: str, file: Path, name: str, on_call: Step, status: str | None
) -> None:
    """An import makes a new table: one that is there is left alone, before anything is sent."""
    on_call("DescribeTable", {"Table": {"TableArn": "arn"}})
    imports = [{"ImportArn": "arn", "StartTime": 1, "S3BucketSource": {}}]
    if status:
        via = _place(run, engine, bucket, file, name, on_call)
        imports[0]["S3BucketSource"] = {"S3Bucket": bucket, "S3KeyPrefix": via}
        on_call("DescribeTable", {"Table": {"TableArn": "arn"}})
        on_call(
            "DescribeImport",
            {"ImportTableDescription": {"ImportStatus": status, "FailureCode": "X"}},
        )
    on_call("ListImports", {"ImportSummaryList": imports})
    outcome = load(run, engine, file, name, f"s3://{bucket}/in")
    earlier = "; an earlier import of this file into it ended with status FAILED: X: no message"
    message = (
        f"claimsctl: table {name}: already exists, and --via imports into a new table only"
        f"{earlier if status else ''}. Use another name with --table\n"
    )
    assert Outcome(2, "", message) == outcome


def _place(run: Run, engine: str, bucket: str, file: Path, name: str, on_call: Step) -> str:
    """Where the file's parts would be."""
    on_call("DescribeTable", None)
    on_call("ImportTable", denied("ImportTable"))
    stopped = load(run, engine, file, name, f"s3://{bucket}/in")
    (prefix,) = re.findall(rf"s3://{bucket}/(\S+/):", stopped.err)
    return str(prefix)


def test_other_objects_below_the_parts(
    run: Run, engine: str, bucket: str, file: Path, name: str, on_call: Step
) -> None:
    """They would be imported too, so they are reported and nothing is imported."""
    prefix = _place(run, engine, bucket, file, name, on_call)
    on_call("ImportTable", None)
    s3 = boto3.session.Session().client("s3", endpoint_url=engine)
    s3.put_object(Bucket=bucket, Key=f"{prefix}stranger", Body=b"x")
    s3.close()
    outcome = load(run, engine, file, name, f"s3://{bucket}/in")
    message = f"would be imported too: {prefix}stranger. Delete them, or use another prefix"
    assert (3, True, False) == (
        outcome.exit_code,
        message in outcome.err,
        "import arn" in outcome.err,
    )


@pytest.mark.parametrize(
    ("option", "owner"),
    [((), "123456789012"), (("--bucket-owner", "999988887777"), "999988887777")],
    ids=["credentials", "option"],
)
def test_the_buckets_owner_is_in_every_call(
    run: Run, engine: str, bucket: str, file: Path, name: str, on_call: Step,
    monkeypatch: pytest.MonkeyPatch, option: tuple[str, ...], owner: str,
) -> None:  # fmt: skip
    """A bucket that another account owns is neither written to nor read from."""
    calls: dict[str, Any] = {}
    scripted = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: BaseClient, operation: str, arguments: dict[str, Any]) -> object:
        calls[operation] = arguments
        return scripted(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    where = ("--endpoint-url", engine, "--table", name, "--tenant", TENANT)
    via = ("--via", f"s3://{bucket}/in", *option)
    env = {"AWS_ENDPOINT_URL_S3": engine, "AWS_ENDPOINT_URL_STS": engine}
    assert 0 == run("claims", "load", file, *where, *via, **env).exit_code
    for operation in ("HeadObject", "PutObject", "ListObjectsV2"):
        assert owner == calls[operation]["ExpectedBucketOwner"]
    assert owner == calls["ImportTable"]["S3BucketSource"]["S3BucketOwner"]
    assert ("GetCallerIdentity" in calls) is not bool(option)


def test_an_owner_is_an_account(run: Run, file: Path, name: str) -> None:
    """Twelve digits."""
    outcome = run("claims", "load", file, "--table", name, "--bucket-owner", "me")
    assert (2, True) == (
        outcome.exit_code,
        "expected a 12-digit AWS account id; found 'me'" in outcome.err,
    )


@pytest.mark.parametrize("via", ["bucket/in", "s3:/bucket", "s3://", "s3://UPPER/x", "https://x/y"])
def test_what_is_no_place_in_s3(run: Run, engine: str, file: Path, name: str, via: str) -> None:
    """The expected form is shown, and nothing is done."""
    message = f"claimsctl: --via: expected s3://BUCKET/PREFIX; found {via!r}\n"
    assert Outcome(2, "", message) == load(run, engine, file, name, via)


def test_a_bad_file_is_not_sent(run: Run, engine: str, tmp_path: Path, name: str) -> None:
    """It is checked whole first, as any file is."""
    (tmp_path / "bad.csv").write_text(ROWS + "nobody,x\n")
    outcome = load(run, engine, tmp_path / "bad.csv", name, "s3://bucket/in")
    assert (2, True) == (outcome.exit_code, "1 problem; nothing was written" in outcome.err)


def test_a_file_without_rows(run: Run, engine: str, tmp_path: Path, name: str) -> None:
    """Nothing to import is no table."""
    (tmp_path / "none.csv").write_text("user,tier\n")
    outcome = load(run, engine, tmp_path / "none.csv", name, "s3://bucket/in")
    assert Outcome(2, "", f"claimsctl: {tmp_path}/none.csv: no rows to import\n") == outcome


def test_the_sample_goes_the_same_way(run: Run, engine: str, bucket: str, name: str) -> None:
    """Defaults, apps, ends and hidden claims are as `load` writes them."""
    sample = bundled("events/claims.sample.csv")
    assert 0 == load(run, engine, sample, name, f"s3://{bucket}").exit_code
    where = ("--endpoint-url", engine, "--table", name)
    assert 0 == run("claims", "diff", sample, "--prune", *where).exit_code


@pytest.mark.parametrize(
    "options",
    [
        ("--resume",), ("--dry-run",), ("--prune",), ("--keep-going",), ("--stack", "s"),
        ("--on-existing", "merge"), ("--rejects", "r"), ("--checkpoint", "c"),
    ],
    ids=lambda options: options[0],
)  # fmt: skip
def test_what_goes_with_a_table_in_use_only(
    run: Run, file: Path, name: str, options: tuple[str, ...]
) -> None:
    """An option that an import would pass over is refused."""
    where = ("--table", name, "--via", "s3://bucket/in", *options)
    message = (
        f"--via and {options[0]} are mutually exclusive: --via imports the whole file into a new"
        f" table; remove {options[0]}"
    )
    assert Outcome(2, "", f"claimsctl: {message}\n") == run("claims", "load", file, *where)


def test_a_new_table_needs_a_name(run: Run, file: Path) -> None:
    """`--table` is what it will be called."""
    message = "claimsctl: --via requires --table with the name of the table to create\n"
    assert Outcome(2, "", message) == run("claims", "load", file, "--via", "s3://bucket/in")
