"""The rehearsal to look at: ``python -m tests.deploy.transcript``.

Prints what an operator would see when a stack is made, changed and removed, in moto's server on
this machine. Exits with the SAM CLI's exit code if that refuses anything.
"""

import sys
import tempfile
from pathlib import Path

from tests.artefact.artefact import ARTEFACTS
from tests.deploy.cloud import ROOT, moto_cloud
from tests.deploy.project import Project
from tests.template.stack import REQUIRED

_DEPLOY = ("deploy", "--config-env", "dev", "--parameter-overrides")
_GIVEN = [f"{name}={value}" for name, value in REQUIRED.items()]
_COMMANDS = (
    [*_DEPLOY, *_GIVEN],
    [*_DEPLOY, *_GIVEN, "CallerVerification=function"],
    ["delete", "--config-env", "dev", "--no-prompts"],
)


def main() -> int:
    """Run the commands and print each with what it says."""
    with tempfile.TemporaryDirectory() as scratch, moto_cloud(Path(scratch)) as cloud:
        project = Project(Path(scratch), ROOT / ARTEFACTS / "arm64", cloud)
        for command in _COMMANDS:
            done = project.sam(*command)
            # What went well is on standard output; the other has the progress of uploads.
            told = done.stderr if done.returncode else done.stdout
            sys.stdout.write(f"$ sam {' '.join(command)}\n{told}\n")
            sys.stdout.flush()
            if done.returncode:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
