"""Hosts: what runs a task, a prompt or an expression inside a function of a cloud. They stand above `skyloom.flows`."""
