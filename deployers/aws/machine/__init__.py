"""From the statements of a flow to the states of one state machine."""
