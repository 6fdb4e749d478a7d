"""CloudFormation's own schemas of resource types, as cfn-lint carries them, as one JSON object.

``python resource_schema.py AWS::Lambda::Version …``, by the Python that aws-sam-cli is installed
for.
"""

import json
import sys

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-not-found]

schema_of = PROVIDER_SCHEMA_MANAGER.get_resource_schema
json.dump({type_: schema_of("eu-central-1", type_).schema for type_ in sys.argv[1:]}, sys.stdout)
