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
from claimsctl.entra.token_check import Expected, Outcome, TokenFinding, bare_token, check_token
from claimsctl.entra.token_claims import TENANT_ID, TenantKind, TokenProfile, TokenVersion
from claimsctl.entra.tokens import mint
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.text import escaped

_WRONG = "\n\n".join(
    (
        "Print an invalid token instead: what is wrong with it, and what that teaches.",
        *(
            f"{name.value}: {recipe.about}; {recipe.teaches}".replace("`", "")
            for name, recipe in INVALID_TOKENS.items()
        ),
    )
)
_STYLES: Final = {
    Outcome.OK: "green", Outcome.SKIP: "dim", Outcome.WARN: "yellow", Outcome.FAIL: "bold red",
}  # fmt: skip
_TOKEN_BYTES_MAX: Final = 64 * 1024


def token(  # one per option
    context: typer.Context,
    *,
    tenant: Tenant = None,
    tenant_kind: TenantKindOption = TenantKind.EXTERNAL,
    token_version: TokenVersionOption = TokenVersion.V2,
    audience: Annotated[
        str | None,
        typer.Option(help="Another audience than the samples' app.", show_default=False),
    ] = None,
    wrong: Annotated[InvalidToken | None, typer.Option(help=_WRONG, show_default=False)] = None,
    check: Annotated[
        str | None,
        typer.Option(
            "--check",
            help="Compare this token with what Entra sends, instead of printing one; a file, or -"
            " for stdin, keeps it off the command line.",
            metavar="TOKEN|FILE|-",
            show_default=False,
        ),
    ] = None,
    app: Annotated[
        str | None,
        typer.Option(
            "--app",
            help="With --check: app id (GUID) of the endpoint's registration, which the audience"
            " must be of.",
            callback=guid,
            show_default=False,
        ),
    ] = None,
    jwks: Annotated[
        str | None,
        typer.Option(
            "--jwks",
            help="With --check: the issuer's JSON Web Key Set, to check the signature.",
            metavar="URL|FILE",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: as JSON.")] = False,
) -> None:
    """Print a token as Entra would send it, or one that must be refused; or check one.

    With --check the exit code is 1 when the endpoint would refuse the token. Options say what it is
    set up for: --tenant, --tenant-kind, --app or --audience.
    """
    if check is not None:
        if wrong is not None:
            message = "--check and --wrong are mutually exclusive"
            raise OperatorError(message)
        source = context.get_parameter_source("tenant_kind")
        is_kind_given = source is not None and source.name != "DEFAULT"
        expected = Expected(tenant, tenant_kind if is_kind_given else None, audience, app)
        _check(_token_in(check), expected, jwks, as_json=as_json)
    if jwks or app or as_json:
        message = "--app, --jwks and --json are for --check: name a token"
        raise OperatorError(message)
    profile = TokenProfile(tenant or TENANT_ID, tenant_kind, token_version)
    claims = profile.claims(int(time.time())) | ({"aud": audience} if audience else {})
    key = kept_key(key_path())
    made = mint(claims, key) if wrong is None else make_invalid_token(wrong, claims, key)
    sys.stdout.write(made + "\n")


def _token_in(given: str) -> str:
    """The token that was given: itself, in a file, or on standard input."""
    if given != "-" and not os.path.isfile(given):  # noqa: PTH113  # Path raises for a long token
        return given
    return read_input(Path(given), _TOKEN_BYTES_MAX).decode("utf-8", "replace")


def _check(text: str, expected: Expected, jwks: str | None, *, as_json: bool) -> None:
    text = bare_token(text)
    findings = [*check_token(text, expected), _signature(text, jwks)]
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


def _signature(text: str, jwks: str | None) -> TokenFinding:
    """Whether a key of the key set signed the token; without one nothing is known."""
    if jwks is None:
        return TokenFinding(
            "signature",
            Outcome.SKIP,
            "not checked",
            cure="--jwks URL|FILE checks it with the issuer's keys.",
        )
    import jwt  # noqa: PLC0415  # most tokens are printed, not checked

    from claimsctl.emulator.issuer_keys import keys_at  # noqa: PLC0415  # the same

    expected = "a key of the issuer's that signed it"
    try:
        kid = str(jwt.get_unverified_header(text).get("kid"))
        keys = keys_at(jwks).current(time.time(), kid)
        if kid not in keys:
            return TokenFinding(
                "signature",
                Outcome.FAIL,
                f"kid {kid} is not among the {len(keys)} keys",
                expected,
                "The keys are another issuer's, or older than the token.",
                "Fetch the jwks_uri of the token's own issuer: an external tenant's keys are at"
                " ciamlogin.com.",
            )
        jwt.PyJWS().decode(text, keys[kid], algorithms=["RS256"])
    except jwt.InvalidTokenError:
        return TokenFinding(
            "signature",
            Outcome.FAIL,
            "not made by the key that the token names",
            expected,
            "The token was changed after it was signed, or is forged.",
            "Use the token as Entra sent it.",
        )
    return TokenFinding("signature", Outcome.OK, f"by the key {kid}")
