"""Apply the SAM transform offline: ``python transform.py template.yaml '{"TenantId": …}'`` → JSON.

Run by the Python that aws-sam-cli is installed for. What CloudFormation itself would do (resolving
references and conditions) stays undone.
"""

import json
import sys
from pathlib import Path
from unittest.mock import patch

from samcli.yamlhelper import yaml_parse  # type: ignore[import-not-found]
from samtranslator.parser.parser import Parser  # type: ignore[import-not-found]
from samtranslator.translator.translator import Translator  # type: ignore[import-not-found]

template = yaml_parse(Path(sys.argv[1]).read_text("utf-8"))
# What `sam build` and `sam package` put in the place of the source folder, if they did not yet.
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function" and not str(
        resource["Properties"]["CodeUri"]
    ).startswith("s3://"):
        resource["Properties"]["CodeUri"] = "s3://bucket/artefact"
with patch("boto3.session.Session.region_name", "eu-central-1"):
    translator = Translator(managed_policy_map={}, sam_parser=Parser())
    transformed = translator.translate(template, parameter_values=json.loads(sys.argv[2]))
json.dump(transformed, sys.stdout)
