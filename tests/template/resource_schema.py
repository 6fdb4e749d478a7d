"""CloudFormation's own schema of a resource type, as cfn-lint carries it, as JSON.

``python resource_schema.py AWS::Lambda::Version``, by the Python that aws-sam-cli is installed for.
"""

import json
import sys

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-not-found]

json.dump(
    PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-central-1", sys.argv[1]).schema, sys.stdout
)
