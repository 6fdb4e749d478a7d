"""The main job, start to finish, on one machine."""

import json
import time
from collections.abc import Callable

from rich.console import Console, RenderableType

from claimsctl.claims_file.validation import read_records
from claimsctl.emulator.dynamodb import embedded_table
from claimsctl.emulator.function import local_function
from claimsctl.emulator.issuer import Issuer
from claimsctl.emulator.server import served
from claimsctl.entra.callout import TENANT_ID, body_of
from claimsctl.entra.client import send_callout
from claimsctl.entra.tokens import SigningKey, TokenProfile, mint
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Verdict
from claimsctl.judge.judge import judge
from claimsctl.loading.writers import write_records
from claimsctl.resources import bundled

_WAIT_MS = 10_000
_TOKEN_SHOWN = 3
_QUIET = {"POWERTOOLS_LOG_LEVEL": "CRITICAL"}
_EXCHANGES = {
    "member": "A member signs in",
    "local-account": "A local account signs in, of whom Entra sends no mail",
    "minimal": "Somebody signs in of whom nothing is known: the tenant's default",
}


def run_demo(
    console: Console,
    show_json: Callable[[bytes], RenderableType],
    show_answer: Callable[[Answer], RenderableType],
    show_verdict: Callable[[Verdict], RenderableType],
) -> ExitCode:
    """Claims from the sample file → DynamoDB → function → HTTP → claims as Entra would take them.

    The first exchange is shown whole. `ExitCode.NOT_FINE` when Entra would refuse an answer.
    """
    sample = bundled("events/claims.sample.csv")
    profile = TokenProfile(TENANT_ID)
    key = SigningKey.generate()
    issuer = Issuer(TENANT_ID, profile.kind, lambda: key)
    token = mint(profile.claims(int(time.time())), key)
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    accepted = True
    with (
        embedded_table() as table,
        local_function(table, TENANT_ID, _QUIET, environment={}) as function,
    ):
        written = write_records(table.client(), table.name, read_records(sample))
        console.print(f"DynamoDB (embedded)  {written} rows loaded from {sample.name}")
        with served(function, issuer) as url:
            console.print(f"HTTP API             {url}")
            for number, (scenario, title) in enumerate(_EXCHANGES.items(), start=1):
                body = body_of(scenario)
                user = body["data"]["authenticationContext"]["user"]
                console.print(f"\n[bold]{number}. {title}[/]  [dim]user.id {user['id']}[/]")
                sent = json.dumps(body).encode()
                attempt = send_callout(url, sent, headers, _WAIT_MS)
                if attempt.answer is None:  # a machine so slow that nothing can be shown on it
                    message = f"{url}: no answer within {_WAIT_MS} ms"
                    raise OperatorError(message, exit_code=ExitCode.NOT_FINE)
                answer = attempt.answer
                verdict = judge(answer)
                accepted = accepted and verdict.accepted
                if number == 1:
                    console.print(f"\n[dim]→ POST {url}[/]")
                    console.print(f"[dim]  Authorization: Bearer {token[:_TOKEN_SHOWN]}…[/]")
                    console.print(show_json(sent))
                    console.print("\n[dim]← the answer[/]")
                    console.print(show_answer(answer))
                    console.print()
                console.print(show_verdict(verdict))
    console.print(
        "\nNext: [bold]claimsctl serve[/] and the curl line it shows, or "
        "[bold]claimsctl invoke[/] with a file of events/."
    )
    return ExitCode.FINE if accepted else ExitCode.NOT_FINE
