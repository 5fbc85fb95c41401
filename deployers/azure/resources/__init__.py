"""What an app becomes in an ARM template, one module for each kind of thing. `template.py` puts them together.

Every module has functions from the app's `Layout` to resources. They are pure: same app, same text.
"""
