"""Packages of function code: what is in them, that they are always the same, and how small they are."""

from __future__ import annotations

import importlib.util
import io
import marshal
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from skyloom.deployers import wheels
from skyloom.deployers.aws.functions import FunctionSettings, packages_of_file
from skyloom.deployers.function_code import Built, module_name
from skyloom.deployers.modules import needs_of
from skyloom.deployers.own import own_files
from skyloom.deployers.packaging import Package, running_python, with_bytecode, zipped
from skyloom.deployers.wheels import CannotPack, Platform, Unpacked
from skyloom.errors import CheckFailed
from skyloom.flows.app import Environment

ROOT = Path(__file__).parents[2]
HERE = FunctionSettings(python=running_python(), architecture="x86_64")
SOURCES = FunctionSettings(python=running_python(), architecture="x86_64", bytecode=False)

PLAIN = """
from skyloom.flows import flow, task


@task
def double(n: int) -> int:
    return 2 * n


@flow
def main(n: int) -> int:
    return double(n)
"""


def packed(tmp_path: Path, source: str, settings: FunctionSettings = SOURCES) -> Package:
    (tmp_path / "work.py").write_text(source, encoding="utf-8")
    built: Built = packages_of_file(tmp_path / "work.py", settings=settings)
    (package,) = built.packages.values()
    return package


# --- zips -------------------------------------------------------------------------------------------------------


def test_a_zip_depends_on_paths_and_contents_alone() -> None:
    first = zipped({"b.py": b"2", "a/c.txt": b"1"})
    assert first == zipped(dict(reversed({"b.py": b"2", "a/c.txt": b"1"}.items())))
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        entries = archive.infolist()
        assert [entry.filename for entry in entries] == ["a/c.txt", "b.py"]
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
        assert archive.read("b.py") == b"2"


# --- bytecode ---------------------------------------------------------------------------------------------------


def test_bytecode_lies_where_python_looks_and_is_not_checked() -> None:
    files = with_bytecode({"a/b.py": b"x = {'p', 'q'}\n", "n.txt": b""}, running_python())
    path = f"a/__pycache__/b.{sys.implementation.cache_tag}.pyc"
    assert list(files) == [path, "a/b.py", "n.txt"]
    content = files[path]
    assert content[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(content[4:8], "little") == 1
    namespace: dict[str, object] = {}
    exec(marshal.loads(content[16:]), namespace)
    assert namespace["x"] == {"p", "q"}


def test_bytecode_of_another_python_is_left_out() -> None:
    assert list(with_bytecode({"a.py": b"x = 1"}, "3.9")) == ["a.py"]


def test_what_is_no_python_has_no_bytecode() -> None:
    assert list(with_bytecode({"template.py": b"{{ x }"}, running_python())) == ["template.py"]


def test_bytecode_is_the_same_in_every_process() -> None:
    code = (
        "import hashlib, sys; from pathlib import Path; from skyloom.deployers.packaging import *;"
        f"files = {{path.name: path.read_bytes() for path in Path({str(ROOT / 'flows')!r}).glob('*.py')}};"
        "print(hashlib.sha256(zipped(with_bytecode(files, running_python()))).hexdigest())"
    )
    digests = set()
    for seed, before in (("1", ""), ("2", "import json, pydantic, datetime;")):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", before + code], capture_output=True, text=True, check=True, env=environment
        )
        digests.add(done.stdout)
    assert len(digests) == 1


# --- what comes along -------------------------------------------------------------------------------------------


def test_a_plain_task_carries_little(tmp_path: Path) -> None:
    package = packed(tmp_path, PLAIN)
    assert package.handler == "handler.handler"
    others = {path for path in package.files if not path.startswith("skyloom/")}
    assert others == {"handler.py", "work.py"}
    assert package.files["work.py"].decode() == PLAIN
    assert b'"double": "work:double"' in package.files["handler.py"]
    assert len(package.zipped()) < 50_000


def test_own_modules_are_those_that_load(tmp_path: Path) -> None:
    package = packed(tmp_path, PLAIN)
    assert "skyloom/flows/invoke.py" in package.files
    for absent in ("frontend", "runner", "expr", "ir", "app.py", "constructs.py", "triggers.py"):
        assert not any(path.startswith(f"skyloom/flows/{absent}") for path in package.files)
    assert not any(path.startswith(("skyloom/adapters/llm", "skyloom/deployers")) for path in package.files)
    whole = own_files(["skyloom.flows"])
    assert {"skyloom/flows/app.py", "skyloom/flows/constructs.py"} <= whole.keys()


def test_the_same_file_gives_the_same_package_anywhere(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = packed(tmp_path / "a", PLAIN, HERE), packed(tmp_path / "b", PLAIN, HERE)
    assert first.zipped() == second.zipped()


def test_local_modules_and_data_files(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "__init__.py").write_text("")
    (tmp_path / "lib" / "inner.py").write_text("from . import other\nimport tools\n")
    (tmp_path / "lib" / "other.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import unused\n"
    )
    (tmp_path / "tools.py").write_text("def f():\n    import late\n")
    (tmp_path / "late.py").write_text("import yaml_of_nobody\n")
    (tmp_path / "unused.py").write_text("")
    (tmp_path / "data").mkdir()
    for name in ("a.txt", ".hidden", "key.pem", "code.py"):
        (tmp_path / "data" / name).write_text("x")
    (tmp_path / "names.txt").write_text("x")
    (tmp_path / "work.py").write_text(
        "import json\nfrom pathlib import Path\nimport pydantic\nfrom lib.inner import other\n"
        'here = Path(__file__).parent\na = here / "names.txt"\nb = here / "data"\nc = "../secret"\n'
    )
    needs = needs_of(tmp_path / "work.py", tmp_path)
    assert sorted(needs.files) == [
        "data/a.txt",
        "late.py",
        "lib/__init__.py",
        "lib/inner.py",
        "lib/other.py",
        "names.txt",
        "tools.py",
        "work.py",
    ]
    assert needs.distributions == {"pydantic"}


def test_a_module_that_does_not_ask_for_its_place_has_no_data(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("x")
    (tmp_path / "work.py").write_text('x = "names.txt"\n')
    assert list(needs_of(tmp_path / "work.py", tmp_path).files) == ["work.py"]


def test_the_examples_carry_what_they_read() -> None:
    for example, data in (("ticket_triage", "articles.md"), ("document_pipeline", "texts/persuasion.txt")):
        folder = ROOT / "examples" / example
        files = needs_of(folder / f"{example}.py", folder).files
        assert files[data].read_bytes()
        assert f"{example}.py" in files
        assert not any("test_" in path or path.endswith(".toml") for path in files)


@pytest.mark.parametrize(
    ("file", "name"), [("work.py", "work"), ("json.py", "json_"), ("my-flow.py", "my_flow"), ("2nd.py", "_2nd")]
)
def test_the_name_of_a_module_in_a_package(tmp_path: Path, file: str, name: str) -> None:
    from skyloom.flows.frontend import load_file

    (tmp_path / file).write_text(PLAIN)
    assert module_name(load_file(tmp_path / file).double) == name


# --- requirements -----------------------------------------------------------------------------------------------


def test_platforms() -> None:
    platform = Platform(python="3.13", machine="aarch64", glibc=(2, 34))
    assert platform.tags[0] == "manylinux_2_34_aarch64"
    assert "manylinux2014_aarch64" in platform.tags
    assert "manylinux_2_35_aarch64" not in platform.tags
    assert FunctionSettings(python="3.11").platform.glibc == (2, 26)
    assert FunctionSettings.of(Environment(python="3.14", architecture="x86_64")).runtime == "python3.14"


def test_pins_are_what_is_installed_and_what_that_needs() -> None:
    found = wheels.pins(["pydantic"], HERE.platform)
    assert {"pydantic", "pydantic-core", "annotated-types"} <= found.keys()
    assert wheels.pins(["no-such-distribution"], HERE.platform) == {}
    assert wheels.pins(["pydantic==0.1"], HERE.platform) == {}


def wheel(folder: Path, name: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> Path:
    """A wheel of these files."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + "".join(
        f"Requires-Dist: {r}\n" for r in requires
    )
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in {**files, f"{name}-1.0.dist-info/METADATA": metadata}.items():
            archive.writestr(inside, text)
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path


def test_wheels_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "lib_a/__init__.py": "x = 1",
        "lib_a-1.0.data/purelib/lib_c.py": "y = 1",
        "lib_a-1.0.data/scripts/tool": "#!/bin/sh",
    }
    wheel(tmp_path, "lib_a", files, ('lib_b; python_version < "3.0"', 'lib_b; python_version >= "3.0"'))
    wheel(tmp_path, "lib_b", {"lib_b.py": "z = 1"})
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("SKYLOOM_CACHE", str(tmp_path / "cache"))
    found = wheels.unpacked(["lib-a"], HERE.platform)
    assert [path for path in found.files if path.endswith(".py")] == ["lib_a/__init__.py", "lib_b.py", "lib_c.py"]
    assert found.versions == ("lib-a==1.0", "lib-b==1.0")
    assert not any(path.endswith(("RECORD", "tool")) for path in found.files)
    (tmp_path / "lib_a-1.0-py3-none-any.whl").unlink()
    assert wheels.unpacked(["lib-a"], HERE.platform) == found


def test_a_requirement_without_wheels_is_a_diagnostic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(CannotPack, match="no-such-thing"):
        wheels.unpacked(["no-such-thing"], HERE.platform)
    source = PLAIN.replace("@task\n", '@task(requires=["no-such-thing>=2"])\n')
    with pytest.raises(CheckFailed) as caught:
        packed(tmp_path, source)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "SKY531"
    assert diagnostic.message.startswith("function `double`: no-such-thing>=2: no wheels for Python 3.")
    assert diagnostic.span is not None


def test_a_package_that_is_too_large_is_a_diagnostic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from skyloom.deployers.aws import functions

    monkeypatch.setattr(functions, "MOST_BYTES", 1000)
    monkeypatch.setattr(functions, "unpacked", lambda requires, platform: Unpacked({}, ()))
    with pytest.raises(CheckFailed, match="and Lambda takes 1,000"):
        packed(tmp_path, PLAIN)
