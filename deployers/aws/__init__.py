"""Amazon Web Services: Step Functions, Lambda and what they need, as CloudFormation."""
