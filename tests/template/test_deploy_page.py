"""docs/deploy.md asks and answers what the template asks and answers."""

import json
import re
from typing import Any

import pytest
from claimsctl.claims_table.table_schema import _read

from tests.template.sam import ROOT, TEMPLATE

STACK: Any = _read(TEMPLATE)
PAGE = (ROOT / "docs/deploy.md").read_text("utf-8")
REQUESTS = re.findall(
    r"```http\n(.*?)```", re.sub(r"^   ", "", PAGE, flags=re.MULTILINE), re.DOTALL
)


def _first_column(heading: str) -> list[str]:
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return re.findall(r"`(\w+)`", "\n".join(row.split("|")[1] for row in table.splitlines()[2:]))


def test_every_question_is_there_in_its_order() -> None:
    """`sam deploy --guided` asks for each parameter in the template's order; so does the page."""
    assert list(STACK["Parameters"]) == _first_column("asked | answer")


def test_every_output_it_names_is_there() -> None:
    """What the page says that the stack puts out, it puts out."""
    named = _first_column("output | what for") + re.findall(r"output `(\w+)`", PAGE)
    assert set(named) <= set(STACK["Outputs"])
    assert {"TargetUrl", "IdentifierUri", "TableName"} <= set(named)


def test_every_alarm_is_named() -> None:
    """Whoever gets an alarm's mail finds it on the page, and the page names no other."""
    alarms = {
        name
        for name, resource in STACK["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert alarms == set(re.findall(r"`(\w+Alarm)`", PAGE))


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda text: text.partition("\n")[0][:60])
def test_a_request_to_graph_is_well_formed(request_: str) -> None:
    """A request with a body has JSON; one without deletes."""
    lines, _, body = request_.partition("\n\n")
    call = r"(POST|PATCH|DELETE) https://graph\.microsoft\.com/v1\.0/\S+"
    for line in lines.splitlines():
        assert re.fullmatch(rf"{call}|Content-Type: application/json", line), line
    if lines.startswith("DELETE"):
        assert not body
    else:
        assert json.loads(body)


def test_the_policy_within_the_policy_is_json() -> None:
    """A claims mapping policy is JSON in a string: quoted right, by the names of the extension."""
    (policy,) = [json.loads(one.partition("\n\n")[2]) for one in REQUESTS if "definition" in one]
    (definition,) = policy["definition"]
    schema = json.loads(definition)["ClaimsMappingPolicy"]["ClaimsSchema"]
    (extension,) = [one for one in REQUESTS if "claimsForTokenConfiguration" in one]
    offered = json.loads(extension.partition("\n\n")[2])["claimsForTokenConfiguration"]
    assert [claim["claimIdInApiResponse"] for claim in offered] == [one["ID"] for one in schema]


@pytest.mark.parametrize("name", ["deploy.md", "cost.md", "scaling.md"])
def test_a_place_it_sends_to_is_there(name: str) -> None:
    """Every link within the repository has its page, and every anchor its heading."""
    source = ROOT / "docs" / name
    links = re.findall(r"\]\((?!https://)([^)#]*)(?:#([^)]+))?\)", source.read_text("utf-8"))
    assert links
    for page, anchor in links:
        target = source.parent / page if page else source
        assert target.is_file(), page
        headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
        assert not anchor or anchor in slugs, (page, anchor)
