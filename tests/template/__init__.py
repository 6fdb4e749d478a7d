"""What CloudFormation would make of template.yaml."""
