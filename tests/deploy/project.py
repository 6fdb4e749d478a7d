"""A project folder as an operator has it after `sam build`, and the SAM CLI in it."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.deploy.cloud import ROOT, Cloud
from tests.template.sam import PYTHON

SAM = PYTHON.with_name("sam")
_SECONDS = 120


class Project:
    """A copy of template.yaml and samconfig.toml beside a built artefact."""

    def __init__(self, folder: Path, built: Path, cloud: Cloud) -> None:
        """`built` is the folder that `sam build` filled."""
        self.folder = folder
        self._cloud = cloud
        for name in ("template.yaml", "samconfig.toml"):
            shutil.copy(ROOT / name, folder)
        (folder / ".aws-sam").mkdir()
        (folder / ".aws-sam" / "build").symlink_to(built)

    def deploy(
        self, *options: str, answers: str = "", **parameters: str
    ) -> subprocess.CompletedProcess[str]:
        """`sam deploy`, with `answers` typed at its questions."""
        overrides = [f"{name}={value}" for name, value in parameters.items()]
        if overrides:
            options = (*options, "--parameter-overrides", *overrides)
        return self.sam("deploy", *options, answers=answers)

    def sam(self, *arguments: str, answers: str = "") -> subprocess.CompletedProcess[str]:
        """The SAM CLI, with moto in place of AWS; it would report nowhere and look nowhere else."""
        return subprocess.run(
            [SAM, *arguments],
            cwd=self.folder,
            env={
                **self._cloud.environment(),
                "HOME": str(self.folder),
                "PATH": os.environ["PATH"],
                "SAM_CLI_TELEMETRY": "0",
                "SAM_CLI_POLL_DELAY": "0.1",
            },
            input=answers,
            capture_output=True,
            check=False,
            text=True,
            timeout=_SECONDS,
        )
