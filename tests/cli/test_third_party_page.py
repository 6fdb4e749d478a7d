"""docs/third-party-emulator.md is true: its session gives what it shows."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.cli.command import EVENTS, ROOT, SECONDS, variables
from tests.cli.server_process import HOST, serving

PAGE = (ROOT / "docs" / "third-party-emulator.md").read_text("utf-8")


def _block(language: str, number: int = 0) -> str:
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return blocks[number]


def test_the_session_is_what_comes_out(tmp_path: Path) -> None:
    """The files and commands of the page, on another port, print what the page shows."""
    started, asked = _block("console"), _block("console", 1)
    (command,) = re.findall(r"^\$ claimsctl serve (.*)$", started, re.MULTILINE)
    (tmp_path / "claims.csv").write_text(_block("csv"))
    # The page's own port may be taken: the token is for the URL that the page gives, on any port.
    (tmp_path / "emulator.py").write_text(_block("python"))
    token = subprocess.run(
        [sys.executable, "emulator.py"],
        check=True, capture_output=True, cwd=tmp_path, env=variables(tmp_path), timeout=SECONDS,
    ).stdout.decode().strip()  # fmt: skip
    (sed,) = re.findall(r"^\$ sed s/([\w-]+)/([\w-]+)/g", asked, re.MULTILINE)
    body = (EVENTS / "callout/member.json").read_text("utf-8").replace(*sed).encode()
    with serving(tmp_path, *shlex.split(command)) as server:
        answer = server.ask(body, authorization=f"Bearer {token}")
        assert asked.splitlines()[-1] == answer.body.decode()
        printed = server.log.read_text("utf-8").splitlines()[:3]
        shown = started.splitlines()[2:5]
        shown[0] = shown[0].replace(f"{HOST}:8787", f"{HOST}:{server.port}")
        assert shown == printed
        subprocess.run(
            [sys.executable, "emulator.py"],
            check=True, capture_output=True, cwd=tmp_path, env=variables(tmp_path), timeout=SECONDS,
        )  # fmt: skip
        assert 401 == server.ask(body, authorization=f"Bearer {token}").status
        assert {"reason": "signature"} == server.logged()[-1]["cause"]
