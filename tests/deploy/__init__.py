"""`sam deploy` rehearsed, as far as it goes without an AWS account.

The SAM CLI does what it does for an operator: it finds its options in samconfig.toml, makes itself
a bucket, packages the built artefact and asks CloudFormation for a change set. moto's server stands
in for AWS. Its CloudFormation is completed where it would pass over what the template has: the SAM
transform is applied by SAM's own library (change_sets), and further types are made by the services'
own operations (resource_types). `shown` lists what this cannot show, and the tests that assert it
on the transformed template instead.
"""
