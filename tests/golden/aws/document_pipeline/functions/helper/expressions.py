"""Expressions of the app's flows, evaluated in the place of their state machines."""


def condense_87_groups(fan_in, level):
    # document_pipeline.py:87: it raises an error for some values
    return [level[start:start + fan_in] for start in range(0, len(level), fan_in)]


def condense_89_result(level):
    # document_pipeline.py:89: it raises an error for some values
    return level[0]

