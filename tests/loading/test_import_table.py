"""ImportTable: started, found again, followed, and what is switched on after it."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from claimsctl.loading.import_parts import S3Folder
from claimsctl.loading.import_table import find_import, follow_import, protections

PLACE = S3Folder("bucket", "in/file/", "111122223333")
SOURCE = {"S3Bucket": "bucket", "S3KeyPrefix": "in/file/"}
GONE = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


def refusal(code: str) -> ClientError:
    """The SDK's exception for DynamoDB's `code`."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


class Script:
    """A client whose calls give, one after the other, what the script says for their name."""

    def __init__(self, **answers: list[Any]) -> None:
        self._answers = answers
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(**_: Any) -> Any:
            self.calls.append(name)
            answers = self._answers[name]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def described(status: str, **others: Any) -> dict[str, Any]:
    """DescribeImport's answer."""
    return {"ImportTableDescription": {"ImportStatus": status, **others}}


def test_no_table_is_no_import() -> None:
    """Only a table that is not there can be made by an import."""
    client = Script(describe_table=[refusal("ResourceNotFoundException")])
    assert find_import(cast("Any", client), "t", PLACE) is None
    with pytest.raises(ClientError):
        find_import(
            cast("Any", Script(describe_table=[refusal("AccessDeniedException")])), "t", PLACE
        )


def test_the_latest_import_of_the_same_parts_is_found() -> None:
    """Not one of other parts, and not an older one; all pages are looked through."""
    table = [{"Table": {"TableArn": "arn"}}]
    pages = [
        {"ImportSummaryList": [
            {"ImportArn": "old", "StartTime": 1, "S3BucketSource": SOURCE},
            {"ImportArn": "other", "StartTime": 9, "S3BucketSource": {"S3Bucket": "bucket"}},
        ], "NextToken": "more"},
        {"ImportSummaryList": [{"ImportArn": "new", "StartTime": 2, "S3BucketSource": SOURCE}]},
    ]  # fmt: skip
    client = Script(
        describe_table=table, list_imports=pages, describe_import=[described("IN_PROGRESS")]
    )
    assert {"ImportStatus": "IN_PROGRESS"} == find_import(cast("Any", client), "t", PLACE)
    assert ["describe_table", "list_imports", "list_imports", "describe_import"] == client.calls
    none = Script(describe_table=table, list_imports=[{"ImportSummaryList": []}])
    assert {} == find_import(cast("Any", none), "t", PLACE)


def test_an_import_is_followed_to_its_end() -> None:
    """The states are polled with growing pauses, despite an unreliable network."""
    pauses: list[float] = []
    client = Script(
        describe_import=[
            described("IN_PROGRESS", ProcessedItemCount=1),
            GONE,
            refusal("ThrottlingException"),
            described("CANCELLING"),
            *[described("IN_PROGRESS")] * 10,
            described("COMPLETED"),
        ]
    )
    states = list(follow_import(cast("Any", client), "arn", pauses.append))
    assert ["IN_PROGRESS", "CANCELLING", "COMPLETED"] == list(
        dict.fromkeys(state["ImportStatus"] for state in states)
    )
    assert 13 == len(states)
    assert (2.0, 3.0, 30.0, sorted(pauses)) == (pauses[0], pauses[1], pauses[-1], pauses)


def test_an_import_that_cannot_be_asked_about() -> None:
    """After about ten minutes without an answer the error is raised."""
    pauses: list[float] = []
    with pytest.raises(EndpointConnectionError):
        list(follow_import(cast("Any", Script(describe_import=[GONE])), "arn", pauses.append))
    assert 400 < sum(pauses) < 700


def test_protections_are_switched_on_patiently() -> None:
    """A table just made takes one change at a time: each is tried until it is taken."""
    busy = refusal("ResourceInUseException")
    client = Script(
        describe_time_to_live=[{"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}],
        update_time_to_live=[busy, {}],
        update_continuous_backups=[refusal("ContinuousBackupsUnavailableException"), {}],
        update_table=[busy, busy, {}],
    )
    pauses: list[float] = []
    names = []
    for name, switch_on in protections(cast("Any", client), "t", pauses.append):
        switch_on()
        names.append(name)
    assert ["TTL on expires_at", "point-in-time recovery", "deletion protection"] == names
    assert 4 == len(pauses)
    assert (2, 2, 3) == tuple(
        client.calls.count(name)
        for name in ("update_time_to_live", "update_continuous_backups", "update_table")
    )


def test_ttl_that_is_on_stays_on() -> None:
    """DynamoDB refuses to switch on what is on."""
    client = Script(
        describe_time_to_live=[{"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLING"}}]
    )
    _, switch_on = next(iter(protections(cast("Any", client), "t")))
    switch_on()
    assert ["describe_time_to_live"] == client.calls


@pytest.mark.parametrize(
    ("code", "tries"), [("AccessDeniedException", 1), ("ResourceInUseException", 30)]
)
def test_what_stays_refused_is_raised(code: str, tries: int) -> None:
    """The error is raised immediately if waiting cannot help, otherwise after five minutes."""
    client = Script(update_table=[refusal(code)])
    pauses: list[float] = []
    *_, (_, switch_on) = protections(cast("Any", client), "t", pauses.append)
    with pytest.raises(ClientError):
        switch_on()
    assert (tries, tries - 1) == (len(client.calls), len(pauses))
