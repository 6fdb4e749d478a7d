"""Whatever comes in and whatever is stored: a valid answer or a known error, never an exception."""

import json
from typing import Any

from claims_provider.claims.key import LayerKey, tenant_key, user_key
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.errors import ErrorCode
from claims_provider.outbound.failure import FAILURES
from claimsctl.emulator.events import played_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import CLIENT_APP_ID, TENANT_ID
from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import tries
from tests.fakes import FakeDynamoDB, handler_over

MEMBER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"
KEYS = (
    tenant_key(TENANT_ID, None),
    tenant_key(TENANT_ID, CLIENT_APP_ID),
    user_key(TENANT_ID, MEMBER, None),
    user_key(TENANT_ID, MEMBER, CLIENT_APP_ID),
)
CODES = {code.value for code in ErrorCode}
MANY = settings(max_examples=tries(300), deadline=None, suppress_health_check=list(HealthCheck))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
any_text = st.text(st.characters(), max_size=40)  # lone surrogates included
attributes = st.recursive(
    st.one_of(
        st.builds(lambda text: {"S": text}, any_text),
        st.builds(lambda number: {"N": str(number)}, st.integers() | st.floats()),
        st.builds(lambda flag: {"BOOL": flag}, st.booleans()),
        st.just({"NULL": True}),
        st.builds(lambda raw: {"B": raw}, st.binary(max_size=8)),
        st.builds(lambda texts: {"SS": texts}, st.lists(any_text, min_size=1, max_size=4)),
        st.builds(lambda numbers: {"NS": numbers}, st.lists(st.just("1"), min_size=1)),
        st.builds(lambda size: {"S": "x" * size}, st.integers(0, 2 * CLAIMS_BYTES_MAX)),
    ),
    lambda inner: (
        st.builds(lambda members: {"L": members}, st.lists(inner, max_size=4))
        | st.builds(lambda members: {"M": members}, st.dictionaries(any_text, inner, max_size=4))
    ),
    max_leaves=8,
)
claims_maps = st.builds(
    lambda claims: {"M": claims}, st.dictionaries(any_text, attributes, max_size=6)
)
items = st.fixed_dictionaries(
    {},
    optional={
        "claims": claims_maps | attributes,
        "hidden_claims": st.builds(lambda names: {"SS": names}, st.lists(any_text, min_size=1))
        | attributes,
        "expires_at": st.builds(lambda moment: {"N": str(moment)}, st.integers(0, 10**13))
        | attributes,
        "stray": attributes,
    },
)
tables = st.dictionaries(st.sampled_from(KEYS), items)


def _check(response: dict[str, Any]) -> None:
    answer = Answer(
        response["statusCode"], tuple(response["headers"].items()), response["body"].encode()
    )
    verdict = judge(answer)
    if answer.status == 200:
        assert verdict.accepted, verdict.findings
        assert verdict.claims_bytes <= CLAIMS_BYTES_MAX
    else:
        problem = json.loads(answer.body)
        assert problem["code"] in CODES - {"internal-error"}
        assert FAILURES[ErrorCode(problem["code"])].status == answer.status


@MANY
@given(tables)
def test_any_stored_items(table: dict[LayerKey, dict[str, Any]]) -> None:
    """Whatever is stored under a user's keys, Entra gets claims it takes, or a known error."""
    event = played_event(json.dumps(body_of("member")).encode(), TENANT_ID)
    _check(handler_over(FakeDynamoDB(table), ECHO_CLAIMS="correlationId,apiVersion")(event))


@MANY
@given(json_values)
def test_any_json_as_body(body: Any) -> None:
    """Whatever JSON comes as a body, it is answered with a known error."""
    raw = json.dumps(body).encode()
    _check(handler_over(FakeDynamoDB({}))(played_event(raw, TENANT_ID)))


@MANY
@given(st.binary())
def test_any_bytes_as_body(raw: bytes) -> None:
    """Whatever bytes come as a body, they are answered with a known error."""
    _check(handler_over(FakeDynamoDB({}))(played_event(raw, TENANT_ID)))


@MANY
@given(st.data())
def test_any_value_anywhere_in_a_callout(data: st.DataObject) -> None:
    """A valid callout with any value in one field is answered or refused with a known code."""
    body = body_of(data.draw(st.sampled_from(["member", "guest", "minimal"])))
    place: Any = body
    while True:
        name = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[name], dict) or data.draw(st.booleans()):
            break
        place = place[name]
    place[name] = data.draw(json_values | any_text)
    handler = handler_over(FakeDynamoDB({}), USER_KEYS="id,mail,userPrincipalName")
    _check(handler(played_event(json.dumps(body).encode(), TENANT_ID)))


@MANY
@given(json_values)
def test_any_json_as_event(event: Any) -> None:
    """Whatever a function is invoked with, it answers."""
    _check(handler_over(FakeDynamoDB({}))(event))


@MANY
@given(st.data())
def test_any_value_anywhere_in_an_event(data: st.DataObject) -> None:
    """A valid gateway event with any value in one field is answered or refused."""
    event = played_event(json.dumps(body_of("member")).encode(), TENANT_ID)
    place: Any = event
    while True:
        name = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[name], dict) or not place[name] or data.draw(st.booleans()):
            break
        place = place[name]
    place[name] = data.draw(json_values | any_text)
    _check(handler_over(FakeDynamoDB({}))(event))
