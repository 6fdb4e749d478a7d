"""One cloud for all tests here, and in it two stacks, made as an operator would."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.artefact.artefact import built
from tests.conftest import ENGINE_MISSING
from tests.deploy.cloud import Cloud, moto_cloud
from tests.deploy.deployed import Deployed
from tests.deploy.project import SAM, Project
from tests.template.stack import REQUIRED

DEV, PROD = "entra-claims-provider-dev", "entra-claims-provider-prod"
EVERYTHING = {
    "CallerVerification": "gateway",
    "UserKeys": "id,mail",
    "EntraWaitMs": "2000",
    "AlarmEmail": "oncall@contoso.example",
    "CustomDomainName": "claims.contoso.example",
    "CustomDomainCertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/1",
    "StartupMode": "provisioned",
    "LogRetentionDays": "7",
    "RequestsPerSecond": "1000",
    "NoCalloutHours": "14",
    "Tracing": "on",
    "KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "PermissionsBoundary": "arn:aws:iam::123456789012:policy/boundary",
}
"""Parameters that ask for whatever is not there by default."""


@pytest.fixture(scope="session")
def artefact() -> Path:
    """What `sam build` makes, as the operator's folder has it in ``.aws-sam/build``."""
    if not SAM.exists():
        pytest.skip(f"{ENGINE_MISSING} aws-sam-cli (make check installs it)")
    return built("arm64")


@pytest.fixture(scope="session")
def cloud(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The one that all stacks are made in."""
    with moto_cloud(tmp_path_factory.mktemp("moto")) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def project(cloud: Cloud, artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The operator's folder."""
    return Project(tmp_path_factory.mktemp("project"), artefact.parent, cloud)


@pytest.fixture(scope="session")
def dev(cloud: Cloud, project: Project) -> Deployed:
    """A stack with nothing but tenant and app given."""
    done = project.deploy("--config-env", "dev", **REQUIRED)
    assert 0 == done.returncode, done.stderr
    return Deployed(cloud, DEV)


@pytest.fixture(scope="session")
def prod(cloud: Cloud, project: Project) -> Deployed:
    """A stack with everything that can be asked for, confirmed by hand."""
    done = project.deploy("--config-env", "prod", answers="y\n", **REQUIRED, **EVERYTHING)
    assert 0 == done.returncode, done.stderr
    return Deployed(cloud, PROD)


@pytest.fixture(params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> Deployed:
    """Each of the two."""
    deployed: Deployed = request.getfixturevalue(request.param)
    return deployed
