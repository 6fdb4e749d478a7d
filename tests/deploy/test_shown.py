"""Everything in the template is either shown by the rehearsal or asserted elsewhere, by name."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from tests.deploy.cloud import ROOT
from tests.deploy.deployed import Deployed
from tests.deploy.readers import READERS
from tests.deploy.resource_types import RESOURCE_TYPES, camel
from tests.deploy.shown import ATTRIBUTES, OUTPUTS, PROPERTIES, SECTIONS, TYPES
from tests.template.stack import Stack


def test_every_type_is_shown_or_asserted() -> None:
    """No resource type of the template is in neither list, and none is in both."""
    types = {resource["Type"] for resource in Stack().template["Resources"].values()}
    assert set() == types - READERS.keys() - TYPES.keys()
    assert set() == READERS.keys() & TYPES.keys()
    assert set() == TYPES.keys() - types


def test_every_type_that_is_shown_was_made(dev: Deployed, prod: Deployed) -> None:
    """There is at least one resource of each type that the rehearsal claims to show."""
    types = {resource["Type"] for resource in dev.template["Resources"].values()}
    made = {
        stack.type_of(name)
        for stack in (dev, prod)
        for name in stack.references
        if stack.read(name)
    }
    assert types - TYPES.keys() == made


def test_what_its_condition_allows_is_there(stack: Deployed) -> None:
    """A stack has all resources that its parameters ask for, and no other."""
    asked = {
        name
        for name, resource in stack.template["Resources"].items()
        if stack.is_asked_for(resource) and resource["Type"] not in TYPES
    }
    assert asked == stack.references.keys()


def test_every_property_arrives(stack: Deployed) -> None:
    """Each property is told by its service as the template asked for it, unless it is listed."""
    assert [] == [
        (name, property_, asked, found)
        for name, type_, property_, asked, found in _properties(stack)
        if (type_, property_) not in PROPERTIES and not _covers(asked, found)
    ]


def test_nothing_is_listed_that_is_shown(dev: Deployed, prod: Deployed) -> None:
    """The list says only what the rehearsal cannot show."""
    not_shown = {
        (type_, property_)
        for _, type_, property_, asked, found in chain(_properties(dev), _properties(prod))
        if not _covers(asked, found)
    }
    assert PROPERTIES.keys() == not_shown


def test_outputs_have_their_values(stack: Deployed) -> None:
    """Each output is there, with the names that came to be, unless it is listed."""
    asked, found = stack.asked_outputs(), stack.outputs
    assert asked.keys() == found.keys()
    assert {name: asked[name] for name in asked.keys() - OUTPUTS.keys()} == {
        name: found[name] for name in found.keys() - OUTPUTS.keys()
    }


def test_no_output_is_listed_that_is_shown(prod: Deployed) -> None:
    """The list of outputs says only what the rehearsal cannot show."""
    asked = prod.asked_outputs()
    assert OUTPUTS.keys() <= asked.keys()
    assert [] == [name for name in OUTPUTS if asked[name] == prod.outputs[name]]


def test_every_part_of_the_template_is_looked_at(dev: Deployed) -> None:
    """No section of the template, and nothing that a resource says of itself, is passed over."""
    passed_over = {"AWSTemplateFormatVersion", "Description"}
    assert SECTIONS.keys() == dev.template.keys() - passed_over
    said = set(chain.from_iterable(dev.template["Resources"].values()))
    assert ATTRIBUTES.keys() == said - {"Type", "Properties", "Metadata", "DependsOn"}


@pytest.mark.parametrize(
    "test",
    sorted({*TYPES.values(), *PROPERTIES.values(), *OUTPUTS.values(), *ATTRIBUTES.values()})
    + sorted(SECTIONS.values()),
)
def test_what_is_said_to_be_asserted_is(test: str) -> None:
    """Each test that is named as asserting something exists."""
    path, _, name = test.partition("::")
    assert f"\ndef {name}(" in (ROOT / path).read_text("utf-8")


def test_nothing_is_tagged_but_by_sam(dev: Deployed) -> None:
    """The only tag is the transform's own mark on the function."""
    tags = [
        (resource["Type"], resource["Properties"]["Tags"])
        for resource in dev.template["Resources"].values()
        if "Tags" in resource.get("Properties", {})
    ]
    assert [("AWS::Lambda::Function", [{"Key": "lambda:createdBy", "Value": "SAM"}])] == tags


def _properties(stack: Deployed) -> Iterator[tuple[str, str, str, Any, Any]]:
    """Each property of each resource: whose it is, what was asked for, what is there."""
    for name in stack.references:
        type_, found = stack.type_of(name), stack.read(name)
        cased = type_ in RESOURCE_TYPES and RESOURCE_TYPES[type_].camel
        for property_, value in stack.properties(name).items():
            lower = f"{property_[0].lower()}{property_[1:]}"
            asked = camel({property_: value})[lower] if cased else value
            yield name, type_, property_, asked, found.get(property_, found.get(lower))


def _covers(asked: Any, found: Any) -> bool:
    """Whether `found` has all of `asked`; numbers and truth may be text, an object JSON."""
    if isinstance(asked, dict):
        if isinstance(found, str):
            found = json.loads(found)
        return isinstance(found, dict) and all(
            name in found and _covers(value, found[name]) for name, value in asked.items()
        )
    if isinstance(asked, list):
        return (
            isinstance(found, list) and len(asked) == len(found) and all(map(_covers, asked, found))
        )
    return _text(asked) == _text(found)


def _text(value: Any) -> str:
    text = str(value).lower()
    return text.removesuffix(".0") if isinstance(value, float) else text
