"""What an app becomes in CloudFormation, one module for each kind of thing. `template.py` puts them together.

Every module has functions from the app's `Layout` to resources by logical id. They are pure: same app, same text.
"""
