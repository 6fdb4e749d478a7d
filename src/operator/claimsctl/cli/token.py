"""``claimsctl token``."""

import sys
import time
from typing import Annotated

import typer

from claimsctl.cli.endpoint_options import TenantKindOption, TokenVersionOption
from claimsctl.cli.options import Tenant
from claimsctl.entra.invalid_tokens import INVALID_TOKENS, InvalidToken, make_invalid_token
from claimsctl.entra.key_file import kept_key, key_path
from claimsctl.entra.token_claims import TENANT_ID, TenantKind, TokenProfile, TokenVersion
from claimsctl.entra.tokens import mint

_WRONG = "\n\n".join(
    (
        "Print an invalid token instead: what is wrong with it, and what that teaches.",
        *(
            f"{name.value}: {recipe.about}; {recipe.teaches}".replace("`", "")
            for name, recipe in INVALID_TOKENS.items()
        ),
    )
)


def token(
    tenant: Tenant = TENANT_ID,
    tenant_kind: TenantKindOption = TenantKind.EXTERNAL,
    token_version: TokenVersionOption = TokenVersion.V2,
    audience: Annotated[
        str | None,
        typer.Option(help="Another audience than the samples' app.", show_default=False),
    ] = None,
    wrong: Annotated[InvalidToken | None, typer.Option(help=_WRONG, show_default=False)] = None,
) -> None:
    """Print a token as Entra would send it, or one that must be refused."""
    profile = TokenProfile(tenant or TENANT_ID, tenant_kind, token_version)
    claims = profile.claims(int(time.time())) | ({"aud": audience} if audience else {})
    key = kept_key(key_path())
    made = mint(claims, key) if wrong is None else make_invalid_token(wrong, claims, key)
    sys.stdout.write(made + "\n")
