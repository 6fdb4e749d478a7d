"""docs/deploy.md asks and answers what the template asks and answers."""

import json
import re
from typing import Any

import pytest
from claimsctl.claims_table.location import _read

from tests.fakes import FakeDynamoDB, handler_over
from tests.template.sam import ROOT, TEMPLATE
from tests.template.stack import Stack

STACK: Any = _read(TEMPLATE)
PAGE = (ROOT / "docs/deploy.md").read_text("utf-8")
SETTINGS = (ROOT / "docs/settings.md").read_text("utf-8")
REQUESTS = re.findall(
    r"```http\n(.*?)```", re.sub(r"^   ", "", PAGE, flags=re.MULTILINE), re.DOTALL
)


def _first_column(heading: str, page: str = PAGE) -> list[str]:
    table = page.partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = [row.split("|")[1].partition("<br>")[0] for row in table.splitlines()[2:]]
    return re.findall(r"`(\w+)`", "\n".join(cells))


def test_every_question_is_there_in_its_order() -> None:
    """docs/settings.md has the parameters in the order in which `sam deploy --guided` asks."""
    assert list(STACK["Parameters"]) == _first_column("parameter | values | what it is", SETTINGS)


def test_every_output_it_names_is_there() -> None:
    """What the page says that the stack puts out, it puts out."""
    named = _first_column("output | what for") + re.findall(r"output `(\w+)`", PAGE)
    assert set(named) <= set(STACK["Outputs"])
    assert {"TargetUrl", "IdentifierUri", "TableName"} <= set(named)


def test_every_alarm_is_named() -> None:
    """The page lists exactly the stack's alarms."""
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


PAGES = [
    *("docs/deploy.md", "docs/cost.md", "docs/scaling.md", "docs/settings.md", "docs/errors.md"),
    *("docs/first-hour.md", "docs/pipeline.md", "docs/rest-api.md", "docs/security-options.md"),
    *("docs/two-regions.md", "docs/adr/0012-a-number-for-each-configuration.md", "SECURITY.md"),
    "docs/adr/0019-a-revision-for-a-retry.md",
]


def test_one_line_deploys() -> None:
    """The first `sam deploy` of the page gives what has no default, and Entra's wait; no more."""
    (first, *_) = re.findall(r"^sam deploy --parameter-overrides (.+)$", PAGE, re.MULTILINE)
    given = dict(each.split("=") for each in first.split())
    parameters = STACK["Parameters"]
    required = {name for name, each in parameters.items() if "Default" not in each}
    assert required | {"EntraWaitMs"} == given.keys()
    assert parameters["EntraWaitMs"]["MaxValue"] == int(given["EntraWaitMs"])


@pytest.mark.parametrize("page", PAGES)
def test_a_parameter_that_it_sets_is_there(page: str) -> None:
    """Each NAME=VALUE after --parameter-overrides is a parameter of the template."""
    text = (ROOT / page).read_text("utf-8").replace("\n          ", " ")
    for line in re.findall(r"--parameter-overrides ([^\n`]+)", text):
        names = set(re.findall(r"\b([A-Z]\w+)=", line)) - {"NAME"}
        assert names <= STACK["Parameters"].keys(), names


def test_the_settings_page_has_every_parameter() -> None:
    """docs/settings.md names each parameter of the template, and no other beside it."""
    assert STACK["Parameters"].keys() <= set(re.findall(r"`(\w+)`", SETTINGS))


def test_the_callout_of_the_page_is_answered() -> None:
    """The sample that an upgrade is tried with is answered by a stack of another tenant."""
    (edit,) = re.findall(r"^sed -e 's/(.+)/TENANT_ID/g' -e 's/(.+)/APP_ID/g'", PAGE, re.MULTILINE)
    (name,) = re.findall(r"^  (events/\S+\.json) > callout\.json$", PAGE, re.MULTILINE)
    tenant, app = "99998888-7777-4666-8555-444433332222", "12121212-3434-4565-8787-909090909090"
    text = (ROOT / name).read_text("utf-8")
    for sample, own in zip(edit, (tenant, app), strict=True):
        assert sample in text
        text = text.replace(sample, own)
    environment = Stack(TenantId=tenant, AppId=app, EntraWaitMs="2000").environment()
    handler = handler_over(FakeDynamoDB({}), None, **environment)
    assert 200 == handler(json.loads(text))["statusCode"]


def test_the_workflow_deploys_what_the_line_does() -> None:
    """docs/pipeline.md's job gives the same three values, and a revision that a re-run changes."""
    page = (ROOT / "docs/pipeline.md").read_text("utf-8")
    for each in ("TenantId=", "AppId=", "EntraWaitMs=2000", "Revision=${{ github.run_attempt }}"):
        assert each in page


@pytest.mark.parametrize("page", ["docs/security-options.md", "docs/pipeline.md"])
def test_a_policy_on_a_page_is_json(page: str) -> None:
    """What is to be pasted into IAM or KMS can be read by them."""
    blocks = re.findall(r"```json\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert ["2012-10-17"] == [json.loads(block)["Version"] for block in blocks]
