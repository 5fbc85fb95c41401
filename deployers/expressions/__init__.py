"""What the emitters of several clouds share: what types and constants say about an expression."""
