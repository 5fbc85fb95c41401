"""How the offline model reads a text and writes an answer that fits a JSON Schema."""
