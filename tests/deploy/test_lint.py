"""The template and what becomes of it pass CloudFormation's linter."""

import json
import subprocess
from pathlib import Path

from tests.deploy.deployed import Deployed
from tests.deploy.project import SAM
from tests.template.sam import TEMPLATE


def test_before_and_after_the_transform_it_is_clean(dev: Deployed, tmp_path: Path) -> None:
    """cfn-lint has nothing to say about template.yaml, nor about what is deployed."""
    transformed = tmp_path / "transformed.json"
    transformed.write_text(json.dumps(dev.template), "utf-8")
    done = subprocess.run(
        [
            *(SAM.with_name("cfn-lint"), "--non-zero-exit-code", "informational"),
            # What keeps replaced versions is on the function, so the transform hands it on alone; a
            # DeletionPolicy with it would keep the function of a deleted stack.
            *("--ignore-checks", "W3011", "--", TEMPLATE, transformed),
        ],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
