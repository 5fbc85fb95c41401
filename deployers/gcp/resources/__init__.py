"""What an app becomes in Terraform, one module for each kind of thing. `template.py` puts them together.

Every module has functions from the app's `Layout` to resources by address. They are pure: same app, same text.
"""
