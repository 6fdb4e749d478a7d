"""Write the deploy policy: ``python -m tools.deploy_policy FILE``; with ``--check``, compare.

It is the IAM policy for running `sam deploy`: the actions of CloudFormation for the template's
resource types, and those of the SAM CLI. Replace REGION and ACCOUNT_ID; the names are those of the
stacks in samconfig.toml.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.deploy_actions import BY_TYPE, OF_THE_TOOL

TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"

SERVERLESS: Final = frozenset(
    {
        *("AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias"),
        *("AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"),
    }
)
"""The resources that SAM creates for an ``AWS::Serverless::Function`` with alias and rollout."""


def types_in(template: str) -> set[str]:
    """Return the resource types that a SAM template (its text) creates."""
    declared = set(re.findall(r"^    Type: (AWS::\w+::\w+)$", template, re.MULTILINE))
    if "AWS::Serverless::Function" in declared:
        declared |= SERVERLESS
    return declared - {"AWS::Serverless::Function"}


def statements(types: set[str]) -> Iterator[dict[str, object]]:
    """Yield one statement for each set of resources, in the table's order."""
    accesses = [each for name in BY_TYPE if name in types for each in BY_TYPE[name]]
    merged: dict[tuple[str, ...], set[str]] = {}
    for actions, resources in (*OF_THE_TOOL, *accesses):
        merged.setdefault(resources, set()).update(actions)
    for resources, allowed in merged.items():
        yield {"Effect": "Allow", "Action": sorted(allowed), "Resource": list(resources)}


def policy(template: str) -> str:
    """Return the policy document. Raises ``ValueError`` for a type that is not in the table."""
    types = types_in(template)
    if unknown := types - BY_TYPE.keys():
        message = f"no actions are known for {', '.join(sorted(unknown))}; add them to BY_TYPE"
        raise ValueError(message)
    document = {"Version": "2012-10-17", "Statement": list(statements(types))}
    return json.dumps(document, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file named last, or compare it; return 1 if it is out of date."""
    path = Path(arguments[-1])
    expected = policy(TEMPLATE.read_text("utf-8"))
    if "--check" not in arguments:
        path.write_text(expected, "utf-8")
    elif not path.is_file() or path.read_text("utf-8") != expected:
        sys.stderr.write(f"{path}: out of date; run make events\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
