"""Runs programs: the interpreter, the engines that carry out its steps, and the store that remembers them."""

from skyloom.flows.runner.launch import Prepared, prepare, resume, run_flow, start
from skyloom.flows.runner.store import Run, RunStore, Wait

__all__ = ["Prepared", "Run", "RunStore", "Wait", "prepare", "resume", "run_flow", "start"]
