"""The flows of the app."""
