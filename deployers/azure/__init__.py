"""The deployer of Azure: Durable Functions in function apps, and ARM templates around them."""
