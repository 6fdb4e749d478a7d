"""What is refused or not confirmed changes nothing."""

from tests.deploy.cloud import Cloud
from tests.deploy.conftest import PROD
from tests.deploy.deployed import Deployed
from tests.deploy.project import Project
from tests.template.sam import TEMPLATE
from tests.template.stack import REQUIRED

DEFAULT = "entra-claims-provider"


def test_production_changes_nothing_unconfirmed(
    cloud: Cloud, project: Project, prod: Deployed
) -> None:
    """Where the environment asks first, no means that all stays as it was."""
    done = project.deploy("--config-env", "prod", answers="n\n", **REQUIRED, OnStoreFailure="empty")
    assert "Deploy this changeset?" in done.stdout
    after = Deployed(cloud, PROD)
    assert prod.status == after.status
    assert {name: _told(prod, name) for name in prod.references} == {
        name: _told(after, name) for name in after.references
    }


def _told(stack: Deployed, name: str) -> dict[str, object]:
    """What the service says of it, but for the state of an alarm, which other tests set."""
    members = stack.read(name).items()
    return {name: value for name, value in members if not name.startswith(("Response", "State"))}


def test_the_default_environment_asks_too(cloud: Cloud, project: Project, dev: Deployed) -> None:
    """`sam deploy` without a name of an environment makes nothing that nobody confirmed."""
    done = project.deploy(answers="n\n", **REQUIRED)
    assert "Deploy this changeset?" in done.stdout
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName=DEFAULT)["Stacks"]
    assert "REVIEW_IN_PROGRESS" == stack["StackStatus"]


def test_nothing_is_made_without_a_tenant(cloud: Cloud, project: Project) -> None:
    """Without tenant and app the deployment is refused, and nothing is there afterwards."""
    done = project.deploy("--config-env", "dev", "--stack-name", "nobodys")
    assert 0 != done.returncode
    assert "TenantId" in done.stderr
    assert "nobodys" not in str(cloud.client("lambda").list_functions()["Functions"])


def test_a_member_that_no_service_knows_is_refused(project: Project, prod: Deployed) -> None:
    """The rehearsal can fail: a misspelt property ends it, by the name of its resource."""
    (function,) = prod.of_type("AWS::Lambda::Function")
    code = prod.properties(function)["Code"]
    text = TEMPLATE.read_text("utf-8")
    for right, wrong in (
        ("AuthorizerType: JWT", "AuthorizerTyp: JWT"),
        ("CodeUri: src/provider/", f"CodeUri: s3://{code['S3Bucket']}/{code['S3Key']}"),
    ):
        assert 1 == text.count(right)
        text = text.replace(right, wrong)
    template = project.folder / "misspelt.yaml"
    template.write_text(text, "utf-8")
    options = ("--config-env", "dev", "--stack-name", "misspelt", "--template", str(template))
    done = project.deploy(*options, **REQUIRED)
    assert 0 != done.returncode
    assert "EntraAuthorizer" in done.stderr
    assert "AuthorizerTyp" in done.stderr
