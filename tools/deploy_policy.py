"""``python -m tools.deploy_policy docs/deploy-policy.json``; ``--check`` only compares.

The IAM policy for whoever runs `sam deploy`: what CloudFormation does for the types of resources
in the template, and what the SAM CLI does by itself. REGION and ACCOUNT_ID are to be replaced; the
names are those of samconfig.toml's stacks.
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
"""What SAM makes of an ``AWS::Serverless::Function`` with an alias and a rollout."""


def types_in(template: str) -> set[str]:
    """The types of the resources that a SAM template (its text) leads to."""
    declared = set(re.findall(r"^    Type: (AWS::\w+::\w+)$", template, re.MULTILINE))
    if "AWS::Serverless::Function" in declared:
        declared |= SERVERLESS
    return declared - {"AWS::Serverless::Function"}


def statements(types: set[str]) -> Iterator[dict[str, object]]:
    """One statement for each set of resources, in the table's order."""
    accesses = [each for name in BY_TYPE if name in types for each in BY_TYPE[name]]
    merged: dict[tuple[str, ...], set[str]] = {}
    for actions, resources in (*OF_THE_TOOL, *accesses):
        merged.setdefault(resources, set()).update(actions)
    for resources, allowed in merged.items():
        yield {"Effect": "Allow", "Action": sorted(allowed), "Resource": list(resources)}


def policy(template: str) -> str:
    """The policy document. Raises ``ValueError`` for a type that the table does not have."""
    types = types_in(template)
    if unknown := types - BY_TYPE.keys():
        message = f"no actions known for {', '.join(sorted(unknown))}: add them to BY_TYPE"
        raise ValueError(message)
    document = {"Version": "2012-10-17", "Statement": list(statements(types))}
    return json.dumps(document, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file named last, or compare it; 1 if it is stale."""
    path = Path(arguments[-1])
    expected = policy(TEMPLATE.read_text("utf-8"))
    if "--check" not in arguments:
        path.write_text(expected, "utf-8")
    elif not path.is_file() or path.read_text("utf-8") != expected:
        sys.stderr.write(f"{path}: stale; run make events\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
