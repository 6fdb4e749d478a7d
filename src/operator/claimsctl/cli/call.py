"""``claimsctl call``."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from claimsctl.claims_file.schema import mapped_by, read_schema
from claimsctl.cli.call_view import attempt_view, exchange_document, times_view
from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.endpoint_options import (
    Authority,
    BearerToken,
    ClientCredentials,
    ClientId,
    IdentifierUri,
    InsecureHttp,
    Retries,
    TokenFrom,
    TokenVersionOption,
    chosen_bearer,
)
from claimsctl.cli.login_options import TenantKindOption
from claimsctl.cli.options import (
    Tenant,
    WaitMs,
    callout_url,
    input_file,
    read_input,
    url_or_none,
    user_or_none,
)
from claimsctl.cli.token_view import preview_documents, preview_view
from claimsctl.cli.views import verdict_view
from claimsctl.emulator.events import callout_in, read_json
from claimsctl.entra.callout import SCENARIOS, scenario_callout, set_fields, set_user
from claimsctl.entra.callout_check import callout_problems, has_comments
from claimsctl.entra.client import make_callout, times_of
from claimsctl.entra.token_claims import TENANT_ID, TenantKind, TokenProfile, TokenVersion
from claimsctl.entra.token_mapping import MappedClaim, preview, read_policy
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.text import escaped

_REPEAT_MAX = 100

Policies = Mapping[str, tuple[MappedClaim, ...]]
"""Claims mapping policies, by the kind of token that they are for."""
_ID_TOKEN, _ACCESS_TOKEN, _ASSERTION = "ID token", "access token", "SAML assertion"
_AUDIENCES = {_ID_TOKEN: "clientServicePrincipal", _ACCESS_TOKEN: "resourceServicePrincipal"}
"""The service principal in the callout whose policy decides the claims of each token."""


def call(
    url: Annotated[str, typer.Argument(callback=callout_url, help="The target URL.")],
    scenario: Annotated[
        str, typer.Option(help=f"The sample callout to send: {', '.join(SCENARIOS)}.")
    ] = "member",
    event: Annotated[
        Path | None,
        typer.Option(
            parser=input_file,
            metavar="FILE|DIR",
            help="Send this callout instead of a sample: a file with the request body or the"
            " gateway's event, - for standard input, or a folder of callouts to run as a regression"
            " suite.",
            show_default=False,
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="Set a field of the callout, such as user.id=…. The path's first name is looked up"
            " in the body, then in data, then in data.authenticationContext; if none has it, it is"
            " added to the last. Repeatable.",
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            help="Send the callout of this user (object id or address).",
            callback=user_or_none,
            show_default=False,
        ),
    ] = None,
    tenant: Tenant = None,
    table: Annotated[
        str | None,
        typer.Option(
            help="With --user: check that this table has rows of the user in the callout's tenant;"
            " if all of them are for one app, the callout is for that app.",
            show_default=False,
        ),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            help="With --user: as --table, with the table of this stack.", show_default=False
        ),
    ] = None,
    endpoint_url: Annotated[
        str | None,
        typer.Option(
            help="With --user: as --table, at this DynamoDB endpoint. Its default table is claims.",
            callback=url_or_none,
            show_default=False,
        ),
    ] = None,
    timeout_ms: WaitMs = 1000,
    retries: Retries = 0,
    token: BearerToken = None,
    token_from: TokenFrom = None,
    tenant_kind: TenantKindOption = TenantKind.EXTERNAL,
    token_version: TokenVersionOption = TokenVersion.V2,
    client_id: ClientId = None,
    identifier_uri: IdentifierUri = None,
    authority: Authority = None,
    insecure_http: InsecureHttp = False,
    repeat: Annotated[
        int, typer.Option(help="The number of callouts to send.", min=1, max=_REPEAT_MAX)
    ] = 1,
    policy: Annotated[
        Path | None,
        typer.Option(
            parser=input_file,
            metavar="FILE",
            help="The claims mapping policy of the app that the user signs in to; shows the claims"
            " in its token.",
            show_default=False,
        ),
    ] = None,
    api_policy: Annotated[
        Path | None,
        typer.Option(
            parser=input_file,
            metavar="FILE",
            help="The claims mapping policy of the API that the access token is for.",
            show_default=False,
        ),
    ] = None,
    catalogue: Annotated[
        Path | None,
        typer.Option(
            parser=input_file,
            metavar="FILE",
            help="A claims schema (claims.toml) to preview tokens with, instead of policies.",
            envvar="CLAIMS_CATALOGUE",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    as_junit: Annotated[
        bool,
        typer.Option(
            "--junit",
            help="With --event DIR: print the suite's report as JUnit XML, for CI pipelines.",
        ),
    ] = False,
) -> None:
    """Send a callout as Entra does, and judge the answer.

    A callout is the request that Entra sends to the endpoint before it issues a token. The endpoint
    can be any implementation of it. Exit code 1 when Entra would not accept the answer.
    """

    def bearer_of(tenant_id: str) -> str | None:
        return chosen_bearer(
            url,
            token,
            token_from,
            TokenProfile(tenant or tenant_id, tenant_kind, token_version),
            ClientCredentials(client_id, identifier_uri, authority),
            insecure_http=insecure_http,
        )

    is_suite = event is not None and event.is_dir()
    one_callout = any((repeat > 1, policy, api_policy, user, table, stack, endpoint_url))
    _check_options(is_suite=is_suite, one_callout=one_callout, suite=as_junit)
    if event is not None and is_suite:
        from claimsctl.cli.replay import run_folder  # noqa: PLC0415  # not needed for one callout

        code = run_folder(
            event,
            url,
            bearer_of,
            wait_ms=timeout_ms,
            retries=retries,
            changes=changes or (),
            as_json=as_json,
            as_junit=as_junit,
        )
        raise typer.Exit(code)
    body = scenario_callout(scenario, tenant) if event is None else _callout_of(event)
    _set_user(body, user, table, stack, endpoint_url)
    set_fields(body, changes or ())
    if event is not None:
        _check_callout(event, body)
    data = body.get("data")
    data = data if isinstance(data, dict) else {}
    context = data.get("authenticationContext")
    context = context if isinstance(context, dict) else {}
    policies = _policies(policy, api_policy, saml=context.get("protocol") == "SAML")
    if catalogue is not None and not policies:
        listed = read_schema(catalogue)
        policies = {
            token: mapped_by(listed, _app_id(context, principal))
            for token, principal in _AUDIENCES.items()
        }
    bearer = bearer_of(str(data.get("tenantId", TENANT_ID)))
    headers = {"content-type": "application/json"}
    if bearer is not None:
        headers["authorization"] = f"Bearer {bearer}"
    results = [make_callout(url, body, headers, timeout_ms, retries) for _ in range(repeat)]
    result, times = results[0], times_of(results)
    previews = {
        name: preview(result.verdict.claims, entries, saml=name is _ASSERTION)
        for name, entries in policies.items()
    }
    if as_json:
        document = exchange_document(url, headers, json.dumps(body).encode(), result)
        document["preview"] = {name: preview_documents(claims) for name, claims in previews.items()}
        document["series_ms"] = [round(ms, 1) for ms in times.milliseconds]
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        signed_in = context.get("user")
        user_id = signed_in.get("id") if isinstance(signed_in, dict) else None
        _show_request(url, user_id, context, bearer)
        console = stdout()
        for number, attempt in enumerate(result.attempts, start=1):
            console.print(attempt_view(number, attempt, timeout_ms))
        answer = result.last.answer
        console.print(verdict_view(result.verdict, answer.body if answer else b""))
        for name, claims in previews.items():
            console.print(preview_view(f"In the {name}", claims))
        if repeat > 1:
            console.print(times_view(times, timeout_ms))
    raise typer.Exit(ExitCode.FINE if times.accepted == repeat else ExitCode.NOT_FINE)


def _check_options(*, is_suite: bool, one_callout: bool, suite: bool) -> None:
    """Raise `OperatorError` for options that a suite, or a single callout, does not support."""
    if is_suite and one_callout:
        message = (
            "--repeat, --user and its table, --policy and --api-policy apply to a single callout;"
            " --event names a folder. Remove these options, or give --event one file"
        )
        raise OperatorError(message)
    if suite and not is_suite:
        message = "--junit requires a folder of callouts: --event DIR"
        raise OperatorError(message)


def _set_user(
    body: dict[str, Any],
    user: str | None,
    table: str | None,
    stack: str | None,
    endpoint_url: str | None,
) -> None:
    """Make `user` the one who signs in, as a table has it if one is named."""
    if not (table or stack or endpoint_url):
        if user is not None:
            set_user(body, user)
        return
    if user is None:
        message = "--table, --stack and --endpoint-url fill in a user: name one with --user"
        raise OperatorError(message)
    # Imported here: boto3 takes as long as everything else.
    from claimsctl.claims_table.location import named_table  # noqa: PLC0415
    from claimsctl.cli.table_user import set_user_of_table  # noqa: PLC0415

    note = set_user_of_table(body, user, named_table(table, stack, endpoint_url))
    stderr().print(escaped(note), style="dim", markup=False)


def _callout_of(event: Path) -> dict[str, Any]:
    raw = read_input(event)
    callout = callout_in(read_json(raw))
    if isinstance(callout, dict):
        return callout
    message = f"{event}: expected a callout, which is a JSON object"
    if has_comments(raw.decode("utf-8", "replace")):
        message += "; remove the comments, which JSON does not allow"
    raise OperatorError(message)


def _check_callout(event: Path, body: Any) -> None:
    """Raise `OperatorError`, with every problem, for an event that Entra would not send."""
    if problems := callout_problems(body):
        message = (
            f"{event}: not a callout that Entra would send; nothing was sent. Correct the file or"
            " change single fields with --set; to send a sample callout, use --scenario"
        )
        raise OperatorError(message, lines=problems)


def _app_id(context: Mapping[str, Any], principal: str) -> str | None:
    found = context.get(principal)
    app_id = found.get("appId") if isinstance(found, dict) else None
    return app_id if isinstance(app_id, str) else None


def _show_request(url: str, user_id: Any, context: Mapping[str, Any], bearer: str | None) -> None:
    token = "Authorization: Bearer …" if bearer else "no Authorization header"
    lines = (
        f"→ POST {url}",
        f"  user.id {user_id}, correlationId {context.get('correlationId')}",
        f"  {token}",
    )
    for line in lines:
        stdout().print(escaped(line), style="dim", markup=False)


def _policies(policy: Path | None, api_policy: Path | None, *, saml: bool) -> Policies:
    given = {_ASSERTION if saml else _ID_TOKEN: policy, _ACCESS_TOKEN: api_policy}
    return {
        name: read_policy(read_input(path), str(path))
        for name, path in given.items()
        if path is not None
    }
