"""Options for the kind of tenant and the sign-in; fast to import."""

from typing import Annotated

import typer

from claimsctl.entra.token_claims import TenantKind
from claimsctl.tenant.credentials import Login

TenantKindOption = Annotated[
    TenantKind,
    typer.Option(
        "--tenant-kind",
        help="The type of tenant, as in the template parameter TenantKind: external (Entra External"
        " ID) or workforce.",
        envvar="TENANT_KIND",
    ),
]
OperatorApp = Annotated[
    str | None,
    typer.Option(
        "--client-id",
        help="The client id of the app to sign in with. It needs the permissions that the plan"
        " lists.",
        envvar="AZURE_CLIENT_ID",
        show_default=False,
    ),
]
LoginOption = Annotated[
    Login,
    typer.Option(
        "--login",
        help="How to sign in; client-credentials uses AZURE_CLIENT_SECRET or"
        " AZURE_CLIENT_CERTIFICATE_PATH.",
        envvar="ENTRA_LOGIN",
    ),
]
