"""What the project of the tests is called."""

PROJECT, REGION = "tests-project", "europe-west3"

USER = "tests@example.com"
"""Who deploys and operates: no service account of an app, so that it may do everything."""
