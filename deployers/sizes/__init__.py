"""How large the values of a flow are, as JSON: what its source and its declarations say of that."""
