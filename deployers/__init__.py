"""From a program to a cloud: compile to a bundle, plan, apply, destroy. One folder a cloud; plugins by entry point."""
