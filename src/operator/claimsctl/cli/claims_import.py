"""``claimsctl claims load --via s3://…``: load a file into a new table by DynamoDB's import."""

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_table.location import TableLocation, sdk_region, table_schema
from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.file_options import checked_file
from claimsctl.cli.load_view import count
from claimsctl.cli.progress import progress_bar
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.loading.import_parts import S3Folder, UploadedParts, other_objects, upload_parts
from claimsctl.loading.import_table import (
    COMPLETED,
    IN_PROGRESS,
    Wait,
    find_import,
    follow_import,
    protections,
    start_import,
)
from claimsctl.resources import bundled
from claimsctl.text import escaped, in_quotes

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import ImportTableDescriptionTypeDef
    from types_boto3_s3 import S3Client

_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
_FAILURES = (ClientError, BotoCoreError, Boto3Error, OSError)
_AGAIN = "to continue from here, run the same command again"


def import_checked(
    file: Path,
    options: ReadOptions,
    via: str,
    bucket_owner: str | None,
    table: str | None,
    endpoint_url: str | None,
    *,
    strict: bool = False,
) -> None:
    """Check the file, then import it. Raises `OperatorError` like `import_file`."""
    if table is None:
        message = "--via requires --table with the name of the table to create"
        raise OperatorError(message)
    with checked_file(file, options, strict=strict) as checked:
        import_file(checked, options, via, bucket_owner, TableLocation(table, endpoint_url))


def import_file(
    checked: CheckedFile,
    options: ReadOptions,
    via: str,
    bucket_owner: str | None,
    location: TableLocation,
    wait: Wait = time.sleep,
) -> None:
    """Import the rows of `checked` through the S3 folder `via` into the new table `location`.

    The account `bucket_owner`, by default that of the credentials, must own the bucket. Completed
    steps are not repeated: running the command again continues where it stopped. Raises
    `OperatorError`, with exit code 3 if any step was completed.
    """
    bucket, prefix = s3_place_of(via, checked, options)
    owner = bucket_owner or _own_account(location.name)
    Importing(checked, S3Folder(bucket, prefix, owner), location, wait).run()


def _own_account(table: str) -> str:
    """Return the account id of the credentials. Raises `OperatorError`."""
    try:
        sts = boto3.session.Session().client("sts", region_name=sdk_region())
        return str(sts.get_caller_identity()["Account"])
    except _FAILURES as error:
        what = "cannot determine the account of the credentials"
        message = (
            f"table {table}: {what}: {error}; to skip this step, add --bucket-owner with the"
            " account id. Nothing was done"
        )
        raise OperatorError(message) from None


def s3_place_of(via: str, checked: CheckedFile, options: ReadOptions) -> tuple[str, str]:
    """Return the bucket and prefix of the folder below `via` for the rows of `checked`.

    Other rows get another folder, because ImportTable reads all objects with a prefix. Raises
    `OperatorError` when `via` is not an S3 URL.
    """
    match = _URL.fullmatch(via)
    if match is None:
        message = f"--via: expected s3://BUCKET/PREFIX; found {in_quotes(via)}"
        raise OperatorError(message)
    content = f"{checked.sha256} {checked.valid} {options}"
    name = hashlib.sha256(content.encode()).hexdigest()[:16]
    prefix = (match[2] or "").strip("/")
    return match[1], f"{prefix}/{name}/" if prefix else f"{name}/"


class Importing:
    """One import, step by step; each completed step is reported immediately."""

    def __init__(
        self, checked: CheckedFile, folder: S3Folder, location: TableLocation, wait: Wait
    ) -> None:
        self._checked = checked
        self._folder = folder
        self._table = location.name
        self._client: DynamoDBClient = location.client()
        self._wait = wait
        self._is_begun = False

    def run(self) -> None:
        """Run all steps."""
        with self._step("cannot look up the table"):
            state = find_import(self._client, self._table, self._folder)
        if state is None:
            self._upload()
            state = self._start()
        elif state.get("ImportStatus") not in {IN_PROGRESS, COMPLETED}:
            raise self._table_exists_error(state)
        if state.get("ImportStatus") != COMPLETED:
            state = self._follow(state["ImportArn"])
        self._check(state)
        self._protect()
        self._show_next_steps()

    def _upload(self) -> None:
        if not self._checked.valid:
            message = f"{self._checked.path}: no rows to import"
            raise OperatorError(message)
        uploaded = UploadedParts()
        with self._step("the upload failed", _AGAIN):
            s3: S3Client = boto3.session.Session().client("s3", region_name=sdk_region())
            rows = self._checked.records()
            try:
                with progress_bar("uploading", self._checked.valid, is_report=False) as advance:
                    upload_parts(s3, self._folder, rows, uploaded, advance)
            finally:
                if uploaded.keys:
                    self._note(_upload_summary(uploaded, self._folder))
            others = other_objects(s3, self._folder, uploaded.keys)
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            message = (
                f"{self._folder.url} contains objects that are not parts of this file, and would be"
                f" imported too: {others[0]}{more}. Delete them, or use another prefix with --via"
            )
            raise self._stopped(message)

    def _start(self) -> "ImportTableDescriptionTypeDef":
        schema = table_schema(bundled("template.yaml"))
        token = hashlib.sha256(f"{self._folder.url} {self._table}".encode()).hexdigest()[:32]
        with self._step("the import cannot be started", _AGAIN):
            state = start_import(self._client, self._table, self._folder, schema, token)
        self._note(f"import {state.get('ImportArn')} started")
        return state

    def _follow(self, arn: str) -> "ImportTableDescriptionTypeDef":
        state: ImportTableDescriptionTypeDef = {}
        seen = 0
        try:
            with (
                self._step("cannot read the status of the import, which continues", _AGAIN),
                progress_bar("importing", self._checked.valid, is_report=False) as advance,
            ):
                for state in follow_import(self._client, arn, self._wait):  # the last counts
                    processed = state.get("ProcessedItemCount", 0)
                    advance(processed - seen)
                    seen = processed
        except KeyboardInterrupt:
            message = f"interrupted, but the import continues; {_AGAIN}"
            raise self._stopped(message) from None
        return state

    def _check(self, state: "ImportTableDescriptionTypeDef") -> None:
        imported, errors = state.get("ImportedItemCount", 0), state.get("ErrorCount", 0)
        fine = (state.get("ImportStatus"), imported, errors) == (COMPLETED, self._checked.valid, 0)
        counted = f"{imported} of {self._checked.valid} rows imported, {count(errors, 'error')}"
        if not fine:
            message = (
                f"the import ended with status {state.get('ImportStatus')}: {counted}."
                f" {_why(state)}. Before you try again, delete the table {self._table} if it exists"
            )
            raise self._stopped(message)
        self._note(counted)

    def _protect(self) -> None:
        for name, switch_on in protections(self._client, self._table, self._wait):
            with self._step(f"cannot enable {name}", _AGAIN):
                switch_on()
            self._note(f"{name} enabled")

    def _show_next_steps(self) -> None:
        console = stdout()
        for line in (
            f"Table {self._table} contains the file's {self._checked.valid} rows.",
            f"To use it, deploy the stack with the parameter ExistingTableName={self._table}.",
            f"To delete the uploaded parts: aws s3 rm --recursive {self._folder.url}",
        ):
            console.print(line, markup=False)

    def _table_exists_error(self, state: "ImportTableDescriptionTypeDef") -> OperatorError:
        message = f"table {self._table}: already exists, and --via imports into a new table only"
        if status := state.get("ImportStatus"):
            message += (
                f"; an earlier import of this file into it ended with status {status}:"
                f" {_why(state)}"
            )
        return OperatorError(f"{message}. Use another name with --table")

    def _note(self, what: str) -> None:
        self._is_begun = True
        stderr().print(escaped(what), markup=False)

    @contextmanager
    def _step(self, what: str, advice: str = "") -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            message = f"{what}: {error}" + (f"; {advice}" if advice else "")
            raise self._stopped(message) from None

    def _stopped(self, why: str) -> OperatorError:
        """Return the error that ends the import; completed steps have already been reported."""
        message = f"table {self._table}: {why}"
        if self._is_begun:
            return OperatorError(message, exit_code=ExitCode.PARTLY_DONE)
        return OperatorError(f"{message}. Nothing was done")


def _upload_summary(uploaded: UploadedParts, folder: S3Folder) -> str:
    parts = "1 part" if len(uploaded.keys) == 1 else f"{len(uploaded.keys)} parts"
    found = f" ({uploaded.found} already existed)" if uploaded.found else ""
    return (
        f"{parts}{found} uploaded to {folder.url}:"
        f" {uploaded.stored_size:,} bytes, {uploaded.size:,} uncompressed"
    )


def _why(state: Any) -> str:
    code, message = state.get("FailureCode", "no code"), state.get("FailureMessage", "no message")
    logs = state.get("CloudWatchLogGroupArn")
    return f"{code}: {message}" + (f" (the errors of items are in {logs})" if logs else "")
