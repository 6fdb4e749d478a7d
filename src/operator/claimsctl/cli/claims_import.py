"""``claimsctl claims load --via s3://…``: a file into a new table by DynamoDB's own import."""

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
from claimsctl.text import escaped

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import ImportTableDescriptionTypeDef
    from types_boto3_s3 import S3Client

_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
_FAILURES = (ClientError, BotoCoreError, Boto3Error, OSError)
_AGAIN = "the same command goes on from here"


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
    """Check the file, then import it. Raises `OperatorError`, see `import_file`."""
    if table is None:
        message = "--via makes a new table: --table gives its name"
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
    """Bring the rows of `checked` into the new table `location` names, by way of `via`.

    The bucket must be of the account `bucket_owner`, by default of the one that is called with.
    Each step that is done stays done: the same command goes on where an earlier one stopped. Raises
    `OperatorError` that says which steps are done, with exit code 3 once there is one.
    """
    bucket, prefix = s3_place_of(via, checked, options)
    owner = bucket_owner or _own_account(location.name)
    Importing(checked, S3Folder(bucket, prefix, owner), location, wait).run()


def _own_account(table: str) -> str:
    """The account whose credentials these are. Raises `OperatorError`."""
    try:
        sts = boto3.session.Session().client("sts", region_name=sdk_region())
        return str(sts.get_caller_identity()["Account"])
    except _FAILURES as error:
        what = "asking whose account this is (--bucket-owner names another)"
        message = f"table {table}: {what}: {error}; nothing is done"
        raise OperatorError(message) from None


def s3_place_of(via: str, checked: CheckedFile, options: ReadOptions) -> tuple[str, str]:
    """Bucket and prefix of the folder below `via` for the rows of `checked`.

    Other rows have another folder: ImportTable reads all that is below a prefix. Raises
    `OperatorError` for what is no S3 URL.
    """
    match = _URL.fullmatch(via)
    if match is None:
        message = f"--via: expected s3://BUCKET/PREFIX, found {via!r}"
        raise OperatorError(message)
    told = f"{checked.sha256} {checked.valid} {options}"
    name = hashlib.sha256(told.encode()).hexdigest()[:16]
    prefix = (match[2] or "").strip("/")
    return match[1], f"{prefix}/{name}/" if prefix else f"{name}/"


class Importing:
    """One import, step by step; what is done is told at once."""

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
        """All steps."""
        with self._step("looking for the table"):
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
            message = "no rows to import"
            raise OperatorError(message)
        uploaded = UploadedParts()
        with self._step(f"uploading ({_AGAIN})"):
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
            message = f"{others[0]} and {len(others) - 1} more" if len(others) > 1 else others[0]
            message = f"{self._folder.url} holds more than this file's parts: {message}; delete it"
            raise self._stopped(message)

    def _start(self) -> "ImportTableDescriptionTypeDef":
        schema = table_schema(bundled("template.yaml"))
        token = hashlib.sha256(f"{self._folder.url} {self._table}".encode()).hexdigest()[:32]
        with self._step("starting the import"):
            state = start_import(self._client, self._table, self._folder, schema, token)
        self._note(f"import {state.get('ImportArn')} started")
        return state

    def _follow(self, arn: str) -> "ImportTableDescriptionTypeDef":
        state: ImportTableDescriptionTypeDef = {}
        seen = 0
        try:
            with (
                self._step(f"following the import, which goes on by itself ({_AGAIN})"),
                progress_bar("importing", self._checked.valid, is_report=False) as advance,
            ):
                for state in follow_import(self._client, arn, self._wait):  # the last counts
                    processed = state.get("ProcessedItemCount", 0)
                    advance(processed - seen)
                    seen = processed
        except KeyboardInterrupt:
            message = f"interrupted; the import goes on by itself, and {_AGAIN}"
            raise self._stopped(message) from None
        return state

    def _check(self, state: "ImportTableDescriptionTypeDef") -> None:
        imported, errors = state.get("ImportedItemCount", 0), state.get("ErrorCount", 0)
        fine = (state.get("ImportStatus"), imported, errors) == (COMPLETED, self._checked.valid, 0)
        counted = f"{imported} of {self._checked.valid} rows imported, errors: {errors}"
        if not fine:
            message = (
                f"the import ended {state.get('ImportStatus')}: {counted}. {_why(state)}."
                f" If there is a table {self._table}, delete it before you try again"
            )
            raise self._stopped(message)
        self._note(counted)

    def _protect(self) -> None:
        for name, switch_on in protections(self._client, self._table, self._wait):
            with self._step(f"switching on {name} ({_AGAIN})"):
                switch_on()
            self._note(f"{name} is on")

    def _show_next_steps(self) -> None:
        console = stdout()
        for line in (
            f"Table {self._table} holds the file's {self._checked.valid} rows.",
            f"To have the stack read it, deploy it with ExistingTableName={self._table}.",
            f"The parts are no longer needed: aws s3 rm --recursive {self._folder.url}",
        ):
            console.print(line, markup=False)

    def _table_exists_error(self, state: "ImportTableDescriptionTypeDef") -> OperatorError:
        message = f"table {self._table} exists, and an import makes a new one"
        if status := state.get("ImportStatus"):
            message += f"; an earlier import of this file into it ended {status}: {_why(state)}"
        return OperatorError(f"{message}; delete it, or give --table another name")

    def _note(self, what: str) -> None:
        self._is_begun = True
        stderr().print(escaped(what), markup=False)

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            message = f"{what}: {error}"
            raise self._stopped(message) from None

    def _stopped(self, why: str) -> OperatorError:
        """What ends this; above it, on standard error, stands each thing that is done."""
        message = f"table {self._table}: {why}"
        if self._is_begun:
            return OperatorError(message, exit_code=ExitCode.PARTLY_DONE)
        return OperatorError(f"{message}; nothing is done")


def _upload_summary(uploaded: UploadedParts, folder: S3Folder) -> str:
    parts = "1 part" if len(uploaded.keys) == 1 else f"{len(uploaded.keys)} parts"
    found = f" ({uploaded.found} were there already)" if uploaded.found else ""
    return (
        f"{parts}{found} at {folder.url}:"
        f" {uploaded.stored_size:,} bytes, {uploaded.size:,} uncompressed"
    )


def _why(state: Any) -> str:
    code, message = state.get("FailureCode", "no code"), state.get("FailureMessage", "no message")
    logs = state.get("CloudWatchLogGroupArn")
    return f"{code}: {message}" + (f" (each item's error is in {logs})" if logs else "")
