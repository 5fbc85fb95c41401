"""What the commands about a cloud share: their arguments, and which app, environment and deployer these mean."""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.errors import Diagnostic, UserError

if TYPE_CHECKING:
    from skyloom.deployers.base import Compiled, Deployer
    from skyloom.deployers.bundle import Bundle
    from skyloom.flows.app import App

LOCAL = "local"
PLACE = "command line"

Target = Annotated[str, typer.Argument(metavar="TARGET", help="The cloud: aws, azure or gcp.")]
Source = Annotated[
    str,
    typer.Argument(metavar="FILE[:APP]", help="The app's file, or a folder that `skyloom compile` wrote."),
]
Deployed = Annotated[
    str, typer.Argument(metavar="FILE[:APP]", help="The app's file; the name of a deployed app will do as well.")
]
Environment = Annotated[
    str | None, typer.Option("--env", "-e", metavar="NAME", help="The environment.", show_default="SKYLOOM_ENV, or dev")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
RunsTarget = Annotated[
    str, typer.Option("--target", "-t", metavar="TARGET", help="Where: this machine (local), aws, azure or gcp.")
]
RunsApp = Annotated[
    str | None,
    typer.Option(
        "--app", metavar="FILE[:APP]", envvar="SKYLOOM_APP", help="In a cloud: the app's file, or its name.",
        show_envvar=True,
    ),
]  # fmt: skip

IN_A_CLOUD = "--target aws --app support.py"
"""What examples add for a cloud."""

_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")


@dataclass(frozen=True, slots=True)
class Chosen:
    """An app in an environment of a target. `app` is there where its file was given, `bundle` where a folder was."""

    deployer: Deployer
    name: str
    environment: str
    app: App | None = None
    bundle: Bundle | None = None
    file: Path | None = None

    def alone(self, flow: str | None) -> Chosen | None:
        """The same app with this flow only, and without what starts flows; None where it has no such flow, or no
        other."""
        if self.app is None or [one.name for one in self.app.flows] == [flow]:
            return None
        flows = tuple(one for one in self.app.flows if one.name == flow)
        short = tuple(one for one in self.app.short if one.name == flow)
        return replace(self, app=replace(self.app, flows=flows, triggers=(), short=short)) if flows else None

    def compiled(self) -> Compiled:
        """The bundle that was given, or that of the app.

        Raises:
            CheckFailed: the app does not compile.
            UserError: SKY652, only a name was given.
        """
        from skyloom.deployers.base import Compiled

        if self.bundle is not None:
            return Compiled(bundle=self.bundle)
        if self.app is None:
            message = f"`{self.name}` is the name of a deployed app, and this command needs its file"
            raise UserError(Diagnostic("SKY652", message, PLACE, hint=f"is there a file {self.name}.py?"))
        with redirect_stdout(sys.stderr):
            return self.deployer.compile(self.app)


def choose(target: str, given: str, environment: str | None) -> Chosen:
    """What the arguments of a command mean: a file, with or without the app's name; a bundle's folder; a name.

    Raises:
        CheckFailed: the file cannot be imported.
        UserError: there is no such app, file, bundle or target.
    """
    from skyloom.deployers.bundle import Bundle, is_bundle
    from skyloom.deployers.registry import deployer
    from skyloom.flows.app import Environment as Settings

    chosen = environment or _default_environment()
    folder = Path(given)
    if folder.is_dir() or is_bundle(folder):
        bundle = Bundle.read(folder)
        _check_bundle(bundle, folder, target, environment)
        settings = Settings(account=bundle.account, region=bundle.region)
        made = deployer(target, bundle.app, bundle.environment, settings)
        return Chosen(made, bundle.app, bundle.environment, bundle=bundle)
    if _NAME.match(given) and not folder.exists():
        return Chosen(deployer(target, given, chosen, Settings()), given, chosen)
    file, name = split_app(given)
    app = _loaded(file, name)
    return Chosen(deployer(target, app.name, chosen, app.environment(chosen)), app.name, chosen, app=app, file=file)


def split_app(given: str) -> tuple[Path, str | None]:
    """`support.py:support-dev` as file and name; the name is None where none is given."""
    file, colon, name = given.rpartition(":")
    if colon and file and not Path(given).exists() and "/" not in name and "\\" not in name:
        return Path(file), name or None
    return Path(given), None


def choose_running(target: str, app: str | None, environment: str | None) -> Chosen:
    """As `choose`, for commands whose app is an option. Raises UserError (SKY652) where it is missing."""
    if app is None:
        message = f"say which app's runs on {target} are meant"
        raise UserError(Diagnostic("SKY652", message, PLACE, hint="--app FILE[:APP], --app NAME, or SKYLOOM_APP"))
    return choose(target, app, environment)


def ask(question: str, *, yes: bool) -> None:
    """Goes on after a yes. Leaves the command after a no.

    Raises:
        UserError: SKY650, there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(Diagnostic("SKY650", f"{question} Nobody is there to say so", PLACE, hint="add --yes"))
    if not typer.confirm(question, err=True):
        raise typer.Exit(1)


def _loaded(file: Path, name: str | None) -> App:
    from skyloom.deployers.functions import load_app

    with redirect_stdout(sys.stderr):
        return load_app(file, name)


def _default_environment() -> str:
    import os

    from skyloom.flows.config import DEFAULT_ENVIRONMENT

    return os.environ.get("SKYLOOM_ENV") or DEFAULT_ENVIRONMENT


def _check_bundle(bundle: Bundle, folder: Path, target: str, environment: str | None) -> None:
    for what, asked, there in (
        ("target", target, bundle.target),
        ("environment", environment, bundle.environment),
    ):
        if asked not in (None, there):
            message = f"the bundle was compiled for the {what} {there}, not for {asked}"
            raise UserError(Diagnostic("SKY649", message, str(folder), hint="compile it again"))
