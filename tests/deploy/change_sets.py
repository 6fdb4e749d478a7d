"""What moto's change sets lack: the SAM transform, outputs, what follows from another change."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import ChangeSet
from moto.cloudformation.parsing import ResourceMap

from tests.deploy.resource_types import RESOURCE_TYPES
from tests.template.sam import PYTHON

TRANSFORM = Path(__file__).parents[1] / "template" / "transform.py"


def complete() -> None:
    """Give moto's change sets what CloudFormation's have."""
    _transform_first()
    _tell_outputs()
    _follow_changes()
    _keep_what_stays()
    _leave_out_what_is_not()


def _transform_first() -> None:
    """A template with SAM's types is transformed, as it is on arrival at AWS; moto skips them."""
    parse = ChangeSet._parse_template

    def parse_and_transform(change_set: ChangeSet) -> None:
        parse(change_set)
        resources = change_set.template_dict["Resources"].values()
        if any(resource["Type"].startswith("AWS::Serverless::") for resource in resources):
            change_set.template = _transformed(change_set.template, change_set.parameters)
            change_set.template_dict = json.loads(change_set.template)

    ChangeSet._parse_template = parse_and_transform  # type: ignore[method-assign,assignment]


def _transformed(template: str, parameters: dict[str, str]) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(template)
        file.flush()
        done = subprocess.run(
            [PYTHON, TRANSFORM, file.name, json.dumps(parameters)],
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )
    if done.returncode:
        told = f"Transform failed: {done.stderr.strip().splitlines()[-1]}"
        raise ValidationError(told, told)
    return done.stdout


def _tell_outputs() -> None:
    """Outputs after a change set too, as moto has them after an update without one."""
    apply = ChangeSet.apply

    def apply_and_tell(change_set: ChangeSet) -> None:
        apply(change_set)
        stack = change_set.stack
        stack.template, stack.parameters = change_set.template, change_set.parameters
        stack.template_dict = change_set.template_dict
        stack.output_map = stack._create_output_map()

    ChangeSet.apply = apply_and_tell  # type: ignore[method-assign,assignment]


def _follow_changes() -> None:
    """Resources that refer to a changed one are looked at too: ``live`` follows a new version.

    moto sees a parameter that a resource names itself, but not a resource that another refers to.
    The types taught here are looked at always, and change only if their properties do.
    """
    differ = ResourceMap.build_resource_diff

    def differ_and_follow(
        resources: ResourceMap, other_template: dict[str, Any], parameters: Any = None
    ) -> dict[str, Any]:
        found = differ(resources, other_template, parameters)
        old, new = resources._resource_json_map, other_template["Resources"]
        found["Modify"] = [
            name for name in found["Modify"] if new[name]["Type"] not in RESOURCE_TYPES
        ] + [name for name in new if name in old and new[name]["Type"] in RESOURCE_TYPES]
        return found

    ResourceMap.build_resource_diff = differ_and_follow  # type: ignore[method-assign,assignment]


def _keep_what_stays() -> None:
    """A resource that moto cannot change stays as it was, and one comes or goes by its condition.

    moto forgets the former, and looks at conditions only when a stack is made.
    """
    update = parsing.parse_and_update_resource

    def update_or_keep(
        logical_id: str,
        resource_json: dict[str, Any],
        resources_map: ResourceMap,
        account_id: str,
        region_name: str,
    ) -> Any:
        given = (logical_id, resource_json, resources_map, account_id, region_name)
        existing = resources_map._parsed_resources.get(logical_id)
        condition = resource_json.get("Condition")
        if condition and not resources_map.lazy_condition_map[condition]:
            if existing is not None:
                existing.delete(account_id, region_name)
            return None
        if existing is None:
            return parsing.parse_and_create_resource(*given)
        return update(*given) or existing

    parsing.parse_and_update_resource = update_or_keep


def _leave_out_what_is_not() -> None:
    """``AWS::NoValue`` in a list leaves no gap."""
    clean = parsing.clean_json

    def clean_without_gaps(resource_json: Any, resources_map: ResourceMap) -> Any:
        cleaned = clean(resource_json, resources_map)
        if isinstance(resource_json, list):
            return [item for item in cleaned if item is not None]
        return cleaned

    parsing.clean_json = clean_without_gaps
