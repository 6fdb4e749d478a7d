"""`claimsctl demo`: the main job, start to finish, wherever it is called."""

import pytest
from claimsctl.emulator import demo

from tests.cli.command import Run


def test_the_main_job(process: Run) -> None:
    """In an empty folder, with nothing at hand: loaded, served, called, judged; exit code 0."""
    outcome = process("demo")
    assert (0, "") == (outcome.exit_code, outcome.err)
    lines = outcome.out.splitlines()
    assert "DynamoDB (embedded)  8 rows loaded from claims.sample.csv" == lines[0]
    assert lines[1].startswith("HTTP API             http://127.0.0.1:")
    assert 1 == lines.count("  Authorization: Bearer eyJ…")
    assert 3 == lines.count("Entra would accept this answer")
    member = lines.index("Entra would accept this answer") + 1
    assert [
        '  customRoles   ["Writer", "Editor", "Publisher"]',
        '  dateOfBirth   "2000-01-01"',
        '  loyaltyTier   "gold"',
        '  supportQueue  "test-app"',
    ] == lines[member : member + 4]


@pytest.mark.parametrize(
    "settings",
    [
        {"TABLE_NAME": "x", "TENANT_ID": "contoso", "USER_KEYS": "phone", "ENTRA_WAIT_MS": "1"},
        {"CALLER_VERIFICATION": "gateway", "TOKEN_ISSUER": "https://x", "TOKEN_AUDIENCES": "x"},
        {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1", "AWS_ENDPOINT_URL": "http://[::1]:1"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_DEFAULT_REGION": "eu-central-1"},
        {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"},
    ],
    ids=["settings", "token", "endpoint", "no-endpoint", "proxy"],
)
def test_nothing_at_hand_gets_in_its_way(run: Run, settings: dict[str, str]) -> None:
    """What the operator's environment says is for other tables and endpoints than the demo's."""
    outcome = run("demo", **settings)
    assert 0 == outcome.exit_code
    assert 3 == outcome.out.count("Entra would accept this answer")


def test_a_refusal_is_not_fine(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were one answer refused, the demo would say so in its exit code."""
    monkeypatch.setattr(demo, "TENANT_ID", "bbbbcccc-1111-dddd-2222-eeee3333ffff")
    outcome = run("demo")
    assert 1 == outcome.exit_code
    assert 3 == outcome.out.count("Entra would refuse this answer: 1003002")
