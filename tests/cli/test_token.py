"""`claimsctl token`: prints only the token that Entra would send."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from claimsctl.entra.invalid_tokens import INVALID_TOKENS, InvalidToken
from claimsctl.entra.key_file import kept_key, key_path
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import mint

from tests.cli.command import Run
from tests.cli.server_process import KEY_FILE, free_port

OTHER_TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"


def _claims(token: str) -> Any:
    return jwt.decode(token.strip(), options={"verify_signature": False})


def test_a_token_and_a_newline(process: Run, tmp_path: Path) -> None:
    """The first command in an empty home makes the key; the token is signed with it."""
    outcome = process("token")
    assert (0, "") == (outcome.exit_code, outcome.err)
    assert outcome.out.endswith("\n")
    assert 1 == len(outcome.out.split())
    key = jwt.PyJWK(kept_key(tmp_path / KEY_FILE).jwk())
    audience = "11112222-bbbb-3333-cccc-4444dddd5555"
    issuer = f"https://{TENANT_ID}.ciamlogin.com/{TENANT_ID}/v2.0"
    claims = jwt.decode(outcome.out.strip(), key, audience=audience, issuer=issuer)
    assert "99045fe1-7639-4a75-9d4a-577b6ca3810f" == claims["azp"]
    assert time.time() < claims["exp"] < time.time() + 3700


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ((), {}, {"tid": TENANT_ID, "ver": "2.0"}),
        (("--tenant", OTHER_TENANT.upper()), {}, {"tid": OTHER_TENANT}),
        ((), {"TENANT_ID": OTHER_TENANT}, {"tid": OTHER_TENANT}),
        (
            ("--tenant-kind", "workforce"),
            {},
            {"iss": f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"},
        ),
        (("--token-version", "1"), {}, {"iss": f"https://sts.windows.net/{TENANT_ID}/"}),
        (
            (),
            {"TOKEN_VERSION": "1", "TENANT_KIND": "workforce"},
            {"iss": f"https://sts.windows.net/{TENANT_ID}/", "ver": "1.0"},
        ),
        (("--audience", "api://elsewhere/app"), {}, {"aud": "api://elsewhere/app"}),
        (("--wrong", "tid"), {}, {"tid": "99999999-9999-9999-9999-999999999999"}),
        (
            ("--audience", "x", "--wrong", "azp"),
            {},
            {"aud": "x", "azp": "00001111-aaaa-2222-bbbb-3333cccc4444"},
        ),
    ],
)
def test_what_it_says_can_be_chosen(
    run: Run, arguments: tuple[str, ...], environment: dict[str, str], expected: dict[str, Any]
) -> None:
    """By option or variable, each as for `claimsctl serve`."""
    outcome = run("token", *arguments, **environment)
    assert 0 == outcome.exit_code
    claims = _claims(outcome.out)
    assert expected == {name: claims[name] for name in expected}


@pytest.mark.parametrize("name", InvalidToken)
def test_each_invalid_token_is_one_word(run: Run, name: InvalidToken) -> None:
    """Whatever is wrong with it: it can be put into a header."""
    outcome = run("token", "--wrong", name.value)
    assert (0, "") == (outcome.exit_code, outcome.err)
    assert 1 == len(outcome.out.split())
    assert outcome.out.isascii()


def test_help_says_what_every_invalid_token_teaches(run: Run) -> None:
    """The choices can be understood without the documentation."""
    shown = " ".join(run("token", "--help").out.replace("`", "").split())
    for name, recipe in INVALID_TOKENS.items():
        assert f"{name.value}: {recipe.sentences}".replace("`", "") in shown


@pytest.mark.parametrize("name", ["malformed", "aud-list", "no-exp", "id-token"])
def test_another_name_is_wrong_usage(run: Run, name: str) -> None:
    """The suite tries more invalid tokens than the command has; the message lists the command's."""
    outcome = run("token", "--wrong", name)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert "Invalid value for '--wrong'" in outcome.err
    assert [] == [known.value for known in InvalidToken if known.value not in outcome.err]


def test_a_key_that_will_not_do(run: Run, tmp_path: Path) -> None:
    """What is wrong with the file and what to do about it, in one line; no token."""
    path = tmp_path / KEY_FILE
    path.parent.mkdir(parents=True)
    path.write_text("no key")
    path.chmod(0o600)
    for command in (("token",), ("serve", "--port", str(free_port()))):
        outcome = run(*command)
        assert (2, "") == (outcome.exit_code, outcome.out)
        assert outcome.err.startswith(f"claimsctl: {path}: expected an RSA private key of 2048")
        assert outcome.err.endswith("delete the file, and the next command creates a new key\n")
        assert "no key" not in outcome.err


def _checked(run: Run, token: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    outcome = run("token", "--check", token, "--json", *arguments)
    return outcome.exit_code, {each["part"]: each for each in json.loads(outcome.out)}


def test_a_good_token_is_checked(run: Run, tmp_path: Path) -> None:
    """Each part is compared; without keys the signature is not, and the output says so."""
    token = run("token").out.strip()
    code, parts = _checked(run, token, "--audience", "11112222-bbbb-3333-cccc-4444dddd5555")
    assert 0 == code
    outcomes = {part: each["outcome"] for part, each in parts.items()}
    assert {"alg", "ver", "iss", "tid", "aud", "azp", "nbf", "exp", "signature"} == outcomes.keys()
    assert {"tid", "signature"} == {part for part, each in outcomes.items() if each == "skip"}
    assert "not checked" == parts["signature"]["found"]
    (tmp_path / "token.txt").write_text(f"Bearer {token}\n")
    assert 0 == run("token", "--check", str(tmp_path / "token.txt")).exit_code
    assert token not in run("token", "--check", token).out


@pytest.mark.parametrize(
    ("made", "options", "part", "cure"),
    [
        (("--tenant-kind", "workforce"), ("--tenant-kind", "external"), "iss",
         "TenantKind workforce"),
        (("--tenant", OTHER_TENANT), ("--tenant", "cccccccc-1111-2222-3333-dddddddddddd"), "tid",
         "from this tenant"),
        ((), ("--audience", "api://x/11112222-bbbb-3333-cccc-4444dddd5555"), "aud", "GUID"),
        (("--token-version", "1"), ("--token-version", "2"), "ver", "Set it to 2"),
        ((), ("--token-version", "1"), "ver", "let the endpoint expect 2.0"),
        (("--wrong", "azp"), (), "azp", "TEST_CALLER_APP_IDS"),
        (("--wrong", "expired"), (), "exp", "new token"),
        (("--wrong", "alg-none"), (), "alg", "Entra issued"),
    ],
)  # fmt: skip
def test_a_difference_has_cause_and_cure(
    run: Run, made: tuple[str, ...], options: tuple[str, ...], part: str, cure: str
) -> None:
    """What differs fails, with exit code 1 and one thing to do."""
    code, parts = _checked(run, run("token", *made).out.strip(), *options)
    assert (1, "fail") == (code, parts[part]["outcome"])
    assert cure in parts[part]["cure"]
    assert parts[part]["expected"]


def test_a_signature_is_checked_where_keys_are_given(run: Run, tmp_path: Path) -> None:
    """By the key that the token names; another key, or none, fails."""
    token = run("token").out.strip()
    home = tmp_path / KEY_FILE
    key = kept_key(home if home.exists() else key_path()).jwk()
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [key]}))
    code, parts = _checked(run, token, "--jwks", str(keys))
    assert (0, "ok") == (code, parts["signature"]["outcome"])
    head, payload, signature = token.split(".")
    changed = f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    _, parts = _checked(run, changed, "--jwks", str(keys))
    assert "not valid for key" in parts["signature"]["found"]
    keys.write_text(json.dumps({"keys": [{**key, "kid": "other"}]}))
    _, parts = _checked(run, token, "--jwks", str(keys))
    assert "not among the 1 keys" in parts["signature"]["found"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "1 part, 0 characters"),
        ("abc", "1 part, 3 characters"),
        ("a.b.c", "3 parts, 5 characters"),
        ("<your token>", "1 part, 12 characters"),
    ],
)
@pytest.mark.parametrize("keys", [(), ("--jwks", "http://127.0.0.1:1/keys")], ids=["", "jwks"])
def test_what_is_no_token_says_so(run: Run, text: str, found: str, keys: tuple[str, ...]) -> None:
    """It is one failure, with what was found; the signature is not a subject yet."""
    outcome = run("token", "--check", text, *keys)
    head, *rest, last = outcome.out.splitlines()
    assert (1, f"fail  token      not a JSON Web Token: {found}") == (outcome.exit_code, head)
    assert "skip  signature  not checked, because the token cannot be read" == last
    assert ["expected", "cause", "do"] == [line.split()[0] for line in rest]


def test_a_cut_signature_is_not_valid(run: Run, tmp_path: Path) -> None:
    """A token whose signature is not base64url is a finding, not a crash."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [kept_key(key_path()).jwk()]}))
    head, payload, _ = run("token").out.strip().split(".")
    code, parts = _checked(run, f"{head}.{payload}.a", "--jwks", str(keys))
    assert (1, "fail") == (code, parts["signature"]["outcome"])


def test_only_the_signature_is_its_own_finding(run: Run, tmp_path: Path) -> None:
    """A fitting signature is right whatever the claims are; --wrong makes, --check checks."""
    key = kept_key(key_path() if not (tmp_path / KEY_FILE).exists() else tmp_path / KEY_FILE)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [key.jwk()]}))
    claims = TokenProfile(TENANT_ID).claims(int(time.time()))
    odd = mint({**claims, "iat": claims["exp"], "sub": 5, "exp": "soon"}, key)
    _, parts = _checked(run, odd, "--jwks", str(keys))
    assert ("ok", "fail") == (parts["signature"]["outcome"], parts["exp"]["outcome"])
    both = run("token", "--check", odd, "--wrong", "tid")
    assert (2, True) == (both.exit_code, "mutually exclusive" in both.err)


def test_tenant_and_kind_are_compared_where_given(run: Run) -> None:
    """The samples' tenant too; a workforce token is right until another kind is asked for."""
    token = run("token", "--tenant-kind", "workforce").out.strip()
    code, parts = _checked(run, token, "--tenant", TENANT_ID)
    assert (0, "ok", "ok") == (code, parts["tid"]["outcome"], parts["iss"]["outcome"])
    code, parts = _checked(run, token, "--tenant-kind", "external")
    assert (1, "fail") == (code, parts["iss"]["outcome"])
