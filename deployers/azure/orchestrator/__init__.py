"""How flows become orchestrators of Durable Functions in Python. `skyloom.deployers.azure.workflow` is the way in."""
