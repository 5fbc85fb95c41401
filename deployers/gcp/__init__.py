"""Google Cloud: flows as Workflows, tasks as Cloud Run functions, an app as a Terraform configuration."""
