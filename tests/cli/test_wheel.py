"""The installed wheel does the main job outside the repository."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.cli.command import ROOT, SECONDS, variables


@pytest.fixture(scope="module")
def environment_of_its_own(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it; its dependencies are this environment's.

    They come by a path file, which reads no other path files: the editable install is not seen.
    """
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install"]
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*install, *options, str(wheel)], check=True, timeout=SECONDS)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_it_carries_template_and_samples(wheel: Path) -> None:
    """The table's schema and every file of events/ are in it, byte for byte."""
    events = [path for path in (ROOT / "events").rglob("*") if path.is_file()]
    with zipfile.ZipFile(wheel) as archive:
        for path in [ROOT / "template.yaml", *events]:
            name = f"claimsctl/bundled/{path.relative_to(ROOT).as_posix()}"
            assert path.read_bytes() == archive.read(name), name


def test_it_carries_no_tools(wheel: Path) -> None:
    """Function and command line are in it; generators, tests and benches are the repository's."""
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.split("/")[0] for name in archive.namelist()}
    assert {"claims_provider", "claimsctl"} == {name for name in folders if "." not in name}


def test_it_carries_the_page_of_tap(wheel: Path) -> None:
    """Markup, style and script are in it, byte for byte."""
    folder = ROOT / "src/operator/claimsctl/tap/page"
    files = [path for path in folder.iterdir() if path.suffix in {".html", ".css", ".js"}]
    assert 3 == len(files)
    with zipfile.ZipFile(wheel) as archive:
        for path in files:
            assert path.read_bytes() == archive.read(f"claimsctl/tap/page/{path.name}"), path.name


def test_it_carries_nothing_else(wheel: Path) -> None:
    """Two packages and their metadata: no tests, no repository."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {"claimsctl", "claims_provider"} == {top for top in tops if "dist-info" not in top}


def test_the_wheel_is_what_runs(environment_of_its_own: Path, tmp_path: Path) -> None:
    """What is imported is the wheel's, not the repository's."""
    code = "import claimsctl, claims_provider; print(claimsctl.__file__, claims_provider.__file__)"
    ended = subprocess.run(
        [environment_of_its_own / "bin/python", "-c", code],
        check=True, capture_output=True, text=True, cwd=tmp_path, env=variables(tmp_path),
    )  # fmt: skip
    for path in ended.stdout.split():
        assert Path(path).is_relative_to(environment_of_its_own)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("demo",), b"Entra would accept this answer"),
        (("claims", "load", "--help"), b"--endpoint-url"),
        (("explain", "1003005"), b"CustomExtensionTimedOut"),
    ],
    ids=["demo", "help", "explain"],
)
def test_it_works_in_an_empty_folder(
    environment_of_its_own: Path, tmp_path: Path, arguments: tuple[str, ...], expected: bytes
) -> None:
    """The console script does the main job from nothing."""
    ended = subprocess.run(
        [environment_of_its_own / "bin/claimsctl", *arguments],
        check=False, capture_output=True, cwd=tmp_path, env=variables(tmp_path), timeout=SECONDS,
    )  # fmt: skip
    assert (0, b"") == (ended.returncode, ended.stderr)
    assert expected in ended.stdout
    assert [] == list(tmp_path.iterdir())
