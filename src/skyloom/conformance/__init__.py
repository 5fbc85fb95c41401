"""The cases that say what the language means, and what any engine is judged by."""
