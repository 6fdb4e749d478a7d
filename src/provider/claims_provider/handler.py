"""The whole pipeline, from a gateway's event to its answer."""

import time
from typing import Any

from claims_provider.claims.compose import compose, read_layers
from claims_provider.claims.key import layers_of
from claims_provider.claims.store import ClaimsStore
from claims_provider.contract.answer import API_VERSION, Claims
from claims_provider.contract.callout import Callout
from claims_provider.deadline import Deadline
from claims_provider.errors import CalloutError, ErrorCode, StoreFailure
from claims_provider.inbound.caller import Verifier, check_tenant
from claims_provider.inbound.http_event import check_method_and_size, read_http_event
from claims_provider.inbound.request import (
    check_content_type,
    correlation_id_in,
    read_callout,
    read_document,
)
from claims_provider.outbound.failure import failure_response
from claims_provider.outbound.response import claims_response
from claims_provider.record import CalloutRecord
from claims_provider.settings import EchoClaim, OnStoreFailure, Settings
from claims_provider.telemetry import Telemetry, describe_bug


class CalloutHandler:
    """Answers callouts: verifies the caller before parsing, and answers in time."""

    def __init__(
        self,
        settings: Settings,
        verifier: Verifier,
        store: ClaimsStore,
        telemetry: Telemetry,
        budget_ms: int,
    ) -> None:
        """`budget_ms` is the time for an answer, from when the gateway received the call."""
        self._settings = settings
        self._verifier = verifier
        self._store = store
        self._telemetry = telemetry
        self._budget_ms = budget_ms

    def __call__(self, event: object, context: object = None) -> dict[str, Any]:
        """Return the answer to the gateway's `event`. Never raises."""
        record = CalloutRecord()
        with record.timed("answer_ms", "AnswerTime"):
            try:
                response = claims_response(self._claims_for(event, record))
                record.note(outcome="answered")
                record.count("Answered")
            except CalloutError as error:
                response = _refuse(error, record)
            except Exception as bug:  # noqa: BLE001  # a crash is the gateway's page
                crash = CalloutError(ErrorCode.INTERNAL_ERROR, evidence=describe_bug(bug))
                response = _refuse(crash, record)
        record.note(
            status=response["statusCode"], request_id=getattr(context, "aws_request_id", None)
        )
        self._telemetry.write(record)
        return response

    def _claims_for(self, event: object, record: CalloutRecord) -> Claims:
        """Return the claims for the callout in `event`. Raises `CalloutError`."""
        entered = time.monotonic()
        call = read_http_event(event)
        deadline = Deadline.of_callout(entered, self._budget_ms, call.received_at_ms)
        record.note(envelope=call.envelope.value, body_chars=len(call.raw_body))
        check_method_and_size(call)

        with record.timed("verify_ms"):
            caller = self._verifier.verify(call, deadline)
        record.note_caller(caller)

        check_content_type(call.headers.get("content-type"))
        document = read_document(call.body())
        record.note(correlationId=correlation_id_in(document))
        callout = read_callout(document)
        check_tenant(caller, callout.tenant_id)

        requests = layers_of(callout, self._settings.key_scheme)
        record.note(keys=len(requests))
        try:
            with record.timed("store_ms", "StoreTime"):
                items = self._store.read([request.key for request in requests], deadline)
            layers = read_layers(requests, items, self._settings.address_key_claims, time.time())
        except StoreFailure as failure:
            if self._settings.on_store_failure is OnStoreFailure.FAIL:
                raise
            record.note_failure(failure)
            layers = []

        composition = compose(layers, self._echo(callout))
        record.note_composition(composition)
        return composition.claims

    def _echo(self, callout: Callout) -> Claims:
        echo: Claims = {}
        if EchoClaim.CORRELATION_ID in self._settings.echo_claims and callout.correlation_id:
            echo["correlationId"] = callout.correlation_id
        if EchoClaim.API_VERSION in self._settings.echo_claims:
            echo["apiVersion"] = API_VERSION
        return echo


def _refuse(error: CalloutError, record: CalloutRecord) -> dict[str, Any]:
    record.note(outcome=error.code.value)
    if error.field is not None:
        record.note(field=error.field)
    record.note_failure(error)
    return failure_response(error)
