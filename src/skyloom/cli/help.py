"""The examples that stand at the end of every command's help."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """The epilog of a command: each line is a call that can be pasted into a shell."""
    # Square brackets would be read as markup.
    return "\n\n".join(["[bold]Examples[/bold]", *(f"$ {line}".replace("[", r"\[") for line in lines)])
