"""The lowering of a program: from the statements of its flows to the steps of one workflow."""
