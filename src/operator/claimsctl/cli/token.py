"""``claimsctl token``."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.text import Text

from claimsctl.cli.console import stdout
from claimsctl.cli.endpoint_options import TokenVersionOption
from claimsctl.cli.login_options import TenantKindOption
from claimsctl.cli.options import Tenant, guid, read_input
from claimsctl.entra.invalid_tokens import INVALID_TOKENS, InvalidToken, make_invalid_token
from claimsctl.entra.key_file import kept_key, key_path
from claimsctl.entra.token_check import (
    Expected,
    Outcome,
    TokenFinding,
    bare_token,
    check_token,
    read_token,
)
from claimsctl.entra.token_claims import TENANT_ID, TenantKind, TokenProfile, TokenVersion
from claimsctl.entra.tokens import mint
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.text import escaped

_WRONG = "\n\n".join(
    (
        "Print an invalid token instead, to test that the endpoint rejects it:",
        *(
            f"{name.value}: {recipe.sentences}".replace("`", "")
            for name, recipe in INVALID_TOKENS.items()
        ),
    )
)
_STYLES: Final = {
    Outcome.OK: "green", Outcome.SKIP: "dim", Outcome.WARN: "yellow", Outcome.FAIL: "bold red",
}  # fmt: skip
_TOKEN_BYTES_MAX: Final = 64 * 1024
_NO_SIGNATURE: Final = TokenFinding(
    "signature", Outcome.SKIP, "not checked, because the token cannot be read"
)


def token(  # one per option
    context: typer.Context,
    *,
    tenant: Tenant = None,
    tenant_kind: TenantKindOption = TenantKind.EXTERNAL,
    token_version: TokenVersionOption = TokenVersion.V2,
    audience: Annotated[
        str | None,
        typer.Option(
            help="The audience (aud) of the token.", show_default="the samples' application"
        ),
    ] = None,
    wrong: Annotated[InvalidToken | None, typer.Option(help=_WRONG, show_default=False)] = None,
    check: Annotated[
        str | None,
        typer.Option(
            "--check",
            help="Check a token instead of printing one. A file, or - for standard input, keeps the"
            " token off the command line.",
            metavar="TOKEN|FILE|-",
            show_default=False,
        ),
    ] = None,
    app: Annotated[
        str | None,
        typer.Option(
            "--app",
            help="With --check: the application (client) id of the endpoint's app registration,"
            " which the audience must match.",
            callback=guid,
            show_default=False,
        ),
    ] = None,
    jwks: Annotated[
        str | None,
        typer.Option(
            "--jwks",
            help="With --check: the issuer's JSON Web Key Set (JWKS), to verify the signature.",
            metavar="URL|FILE",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --check: print the result as JSON.")
    ] = False,
) -> None:
    """Print a test token, or check an existing one.

    The printed token is valid for claimsctl serve, or with --wrong deliberately invalid. With
    --check, give the endpoint's configuration with --tenant, --tenant-kind, --token-version, and
    --app or --audience. Without --tenant, the tenant is not checked; without --app and --audience,
    the audience; without --jwks, the signature. Exit code 1 when a checked part is wrong.
    """
    if check is not None:
        if wrong is not None:
            message = "--check and --wrong are mutually exclusive"
            raise OperatorError(message)
        expected = Expected(
            tenant,
            tenant_kind if _is_given(context, "tenant_kind") else None,
            audience,
            app,
            token_version if _is_given(context, "token_version") else None,
        )
        _check(_token_in(check), expected, jwks, as_json=as_json)
    if jwks or app or as_json:
        message = "--app, --jwks and --json require --check TOKEN|FILE|-"
        raise OperatorError(message)
    profile = TokenProfile(tenant or TENANT_ID, tenant_kind, token_version)
    claims = profile.claims(int(time.time())) | ({"aud": audience} if audience else {})
    key = kept_key(key_path())
    made = mint(claims, key) if wrong is None else make_invalid_token(wrong, claims, key)
    sys.stdout.write(made + "\n")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _token_in(given: str) -> str:
    """Return the given token, read from a file or from standard input where one is named."""
    if given != "-" and not os.path.isfile(given):  # noqa: PTH113  # Path raises for a long token
        return given
    return read_input(Path(given), _TOKEN_BYTES_MAX).decode("utf-8", "replace")


def _check(text: str, expected: Expected, jwks: str | None, *, as_json: bool) -> None:
    text = bare_token(text)
    read = read_token(text)
    signature = (
        _NO_SIGNATURE if read is None else _signature(text, str(read.header.get("kid")), jwks)
    )
    findings = [*check_token(text, expected), signature]
    if as_json:
        sys.stdout.write(json.dumps([each.document() for each in findings], indent=2) + "\n")
    else:
        for each in findings:
            for line in _lines(each):
                stdout().print(line)
    is_bad = any(each.outcome is Outcome.FAIL for each in findings)
    raise typer.Exit(ExitCode.NOT_FINE if is_bad else ExitCode.FINE)


def _lines(finding: TokenFinding) -> list[Text]:
    head = Text(f"{finding.outcome.value:4}  ", style=_STYLES[finding.outcome])
    lines = [head.append(f"{finding.part:9}  {escaped(finding.found)}", style="default")]
    is_right = finding.outcome is Outcome.OK
    rest = (
        ("expected", finding.expected),
        ("cause", finding.cause),
        ("do", finding.cure),
    )
    indent = " " * 17
    for name, value in () if is_right else rest:
        if value:
            lines.append(Text(f"{indent}{name:8}  ", style="dim").append(value, style="default"))
    return lines


def _signature(text: str, kid: str, jwks: str | None) -> TokenFinding:
    """Check whether the key `kid` of the key set signed the token; skip it without a key set."""
    if jwks is None:
        return TokenFinding(
            "signature",
            Outcome.SKIP,
            "not checked",
            cure="To verify the signature, add --jwks URL|FILE with the issuer's keys.",
        )
    import jwt  # noqa: PLC0415  # not needed to print a token

    from claimsctl.emulator.issuer_keys import keys_at  # noqa: PLC0415  # likewise

    expected = "a signature by one of the issuer's keys"
    try:
        keys = keys_at(jwks).current(time.time(), kid)
        if kid not in keys:
            return TokenFinding(
                "signature",
                Outcome.FAIL,
                f"kid {kid} is not among the {len(keys)} keys of the key set",
                expected,
                "The key set belongs to another issuer, or is older than the token.",
                "Use the jwks_uri of the token's issuer; for an external tenant it is at"
                " ciamlogin.com.",
            )
        jwt.PyJWS().decode(text, keys[kid], algorithms=["RS256"])
    except jwt.InvalidTokenError:
        return TokenFinding(
            "signature",
            Outcome.FAIL,
            f"not valid for key {kid}",
            expected,
            "The token was changed after it was signed, or is forged.",
            "Use the token exactly as Entra sent it.",
        )
    return TokenFinding("signature", Outcome.OK, f"valid, signed with key {kid}")
