"""A gateway's event in, its answer out: the whole pipeline."""

import time
from typing import Any

from claims_provider.claims.compose import compose, restrict
from claims_provider.claims.item import Layer, read_item
from claims_provider.claims.key import layers_of
from claims_provider.claims.store import ClaimsStore
from claims_provider.contract.answer import API_VERSION, Claims
from claims_provider.contract.callout import Callout, correlation_id_in
from claims_provider.deadline import Deadline
from claims_provider.errors import CallerRefused, CalloutError, ErrorCode, StoreFailure
from claims_provider.inbound.caller import Caller, CallerKind, Verifier, check_tenant
from claims_provider.inbound.http_event import HttpCall, check_method_and_size, read_http_event
from claims_provider.inbound.request import check_content_type, read_callout, read_document
from claims_provider.outbound.failure import FAILURES, failure_response
from claims_provider.outbound.response import claims_response
from claims_provider.settings import EchoClaim, OnStoreFailure, Settings
from claims_provider.telemetry import CalloutRecord, Telemetry, describe_bug


class CalloutHandler:
    """Answers callouts: authenticated before parsed, always in time, never with a guess."""

    def __init__(
        self,
        settings: Settings,
        verifier: Verifier,
        store: ClaimsStore,
        telemetry: Telemetry,
        budget_ms: int,
    ) -> None:
        self._settings = settings
        self._verifier = verifier
        self._store = store
        self._telemetry = telemetry
        self._budget_ms = budget_ms

    def __call__(self, event: object, context: object = None) -> dict[str, Any]:
        """The gateway's answer to `event`; never raises."""
        entered = time.monotonic()
        record = CalloutRecord()
        try:
            response = claims_response(self._claims_for(event, entered, record))
            record.note(outcome="answered")
            record.count("Answered")
        except CalloutError as error:
            response = _refuse(error, record)
        except Exception as bug:  # noqa: BLE001  # a crash is the gateway's page
            response = _refuse(
                CalloutError(ErrorCode.INTERNAL_ERROR, evidence=describe_bug(bug)), record
            )
        record.note(
            status=response["statusCode"], request_id=getattr(context, "aws_request_id", None)
        )
        record.time("AnswerTime", "answer_ms", (time.monotonic() - entered) * 1000)
        self._telemetry.write(record)
        return response

    def _claims_for(self, event: object, entered: float, record: CalloutRecord) -> Claims:
        call = read_http_event(event)
        deadline = Deadline.of_callout(entered, self._budget_ms, call.received_at_ms)
        record.note(envelope=call.envelope.value, body_chars=len(call.raw_body))
        check_method_and_size(call)
        caller = self._verify(call, deadline, record)
        check_content_type(call.headers.get("content-type"))
        document = read_document(call.body())
        record.note(correlationId=correlation_id_in(document))
        callout = read_callout(document)
        check_tenant(caller, callout.tenant_id)
        try:
            layers = self._read_layers(callout, deadline, record)
        except StoreFailure as failure:
            if self._settings.on_store_failure is OnStoreFailure.FAIL:
                raise
            record.warn()
            record.note(cause=dict(failure.evidence))
            record.count(FAILURES[failure.code].metric)
            layers = []
        composition = compose(layers, self._echo(callout))
        record.note(
            layers=composition.layers,
            claims=len(composition.claims),
            claims_bytes=composition.size,
        )
        if composition.withheld:
            record.warn()
            record.note(claims_withheld=composition.withheld)
            record.count("ClaimsWithheld", composition.withheld)
        return composition.claims

    def _verify(self, call: HttpCall, deadline: Deadline, record: CalloutRecord) -> Caller:
        asked = time.monotonic()
        try:
            caller = self._verifier.verify(call, deadline)
        finally:
            record.note(verify_ms=round((time.monotonic() - asked) * 1000, 1))
        record.note(caller=caller.kind.value)
        match caller.kind:
            case CallerKind.ANYBODY:
                record.warn()
                record.note(open_door="CALLER_VERIFICATION is none: anybody gets an answer")
                record.count("OpenDoor")
                record.count("NotEntra")
            case CallerKind.TEST:
                record.warn()
                record.note(test_caller="one of TEST_CALLER_APP_IDS, not Entra, gets an answer")
                record.count("TestCaller")
                record.count("NotEntra")
        if caller.has_stale_key:
            record.warn()
            record.note(stale_keys="the issuer's key server does not answer")
            record.count("StaleKeys")
        return caller

    def _read_layers(
        self, callout: Callout, deadline: Deadline, record: CalloutRecord
    ) -> list[Layer]:
        requests = layers_of(callout, self._settings.key_scheme)
        record.note(keys=len(requests))
        asked = time.monotonic()
        try:
            items = self._store.read([request.key for request in requests], deadline)
        finally:
            record.time("StoreTime", "store_ms", (time.monotonic() - asked) * 1000)
        now = time.time()
        layers = []
        for request in requests:
            item = items.get(request.key)
            layer = None if item is None else read_item(item, now)
            if layer is not None:
                names = self._settings.address_key_claims if request.by_address else frozenset()
                layers.append(restrict(layer, names))
        return layers

    def _echo(self, callout: Callout) -> Claims:
        echo: Claims = {}
        if EchoClaim.CORRELATION_ID in self._settings.echo_claims and callout.correlation_id:
            echo["correlationId"] = callout.correlation_id
        if EchoClaim.API_VERSION in self._settings.echo_claims:
            echo["apiVersion"] = API_VERSION
        return echo


def _refuse(error: CalloutError, record: CalloutRecord) -> dict[str, Any]:
    response = failure_response(error)
    record.warn()
    record.note(outcome=error.code.value)
    if error.field is not None:
        record.note(field=error.field)
    if error.evidence:
        record.note(cause=dict(error.evidence))
    record.count(FAILURES[error.code].metric)
    if isinstance(error, CallerRefused):
        record.count(f"CallerRefused.{error.reason}")
    return response
