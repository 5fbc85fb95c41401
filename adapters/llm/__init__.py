"""Language models: the port, its providers, and typed answers on top of any of them."""
