"""What the project of the tests is called."""

PROJECT, REGION = "tests-project", "europe-west3"
