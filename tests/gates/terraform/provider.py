"""The arguments of Terraform's resources, as their providers know them.

`python tests/gates/terraform/provider.py TYPE...` writes `arguments.json` anew: what HashiCorp's own bindings for
Python, made from the providers' schemas, name for these types. They are fetched with pip (140 MB) and not kept.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = Any

ARGUMENTS = Path(__file__).with_name("arguments.json")
BINDINGS = {
    "google": "cdktf-cdktf-provider-google==16.12.1",
    "google-beta": "cdktf-cdktf-provider-google-beta==16.12.1",
    "random": "cdktf-cdktf-provider-random==12.0.1",
}
"""The distributions that know a provider: the newest of each, November 2026."""
META = {"depends_on", "lifecycle", "provider"}
"""Arguments that every resource has."""

_ATTRIBUTES = re.compile(r"synthesizeAttributes\(\) \{\s*return \{(.*?)\n        \};", re.DOTALL)
_STRUCT = re.compile(
    r"^function (\w+)ToTerraform\(struct\) \{.*?\n    return \{(.*?)\n    \};", re.DOTALL | re.MULTILINE
)
_LINE = re.compile(r"^\s*(\w+): (.*?),?$", re.MULTILINE)
_NESTED = re.compile(r"(?:listMapper\()?\b(\w+)ToTerraform\b")
_CONFIG = re.compile(r"^export interface (\w+) extends cdktf\.TerraformMetaArguments", re.MULTILINE)
_INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{(.*?)^\}", re.DOTALL | re.MULTILINE)


def known() -> Json:
    """What `arguments.json` says."""
    return json.loads(ARGUMENTS.read_text(encoding="utf-8"))


def problems(main: Json) -> Iterator[str]:
    """What a configuration says that its providers do not know, and what it leaves out that they need."""
    types = known()["resources"]
    for type_, blocks in main["resource"].items():
        if type_ not in types:
            yield f"{type_} is not in arguments.json"
            continue
        for name, body in blocks.items():
            given = {key: value for key, value in body.items() if key not in (*META, "//")}
            yield from _block(types[type_], given, f"{type_}.{name}")


def _block(known_block: Json, given: Json, place: str) -> Iterator[str]:
    for name in given.keys() - known_block["arguments"].keys():
        yield f"{place}: no argument {name}"
    for name in known_block["required"]:
        if name not in given:
            yield f"{place}: {name} is missing"
    for name in given.keys() & known_block["arguments"].keys():
        inner, value = known_block["arguments"][name], given[name]
        blocks = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
        if inner is None and blocks:
            yield f"{place}.{name} is no block"
        elif inner is not None and not isinstance(value, list):
            yield f"{place}.{name} is a block"
        elif inner is not None:
            for block in blocks:
                yield from _block(inner, block, f"{place}.{name}")


# --- reading the bindings ---------------------------------------------------------------------------------------


class Library:
    """The JavaScript of a provider's bindings, out of their wheel."""

    def __init__(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            (name,) = [name for name in archive.namelist() if name.endswith(".jsii.tgz")]
            content = archive.read(name)
        self._files: dict[str, str] = {}
        with tarfile.open(fileobj=io.BytesIO(content)) as archive_:
            for member in archive_:
                if re.fullmatch(r"package/lib/[^/]+/.*(\.js|\.d\.ts)", member.name):
                    opened = archive_.extractfile(member)
                    assert opened is not None
                    self._files[member.name.removeprefix("package/lib/")] = opened.read().decode()

    @property
    def version(self) -> str:
        """The version of the provider."""
        found = re.search(
            r"terraformGeneratorMetadata: \{[^}]*providerVersion: '([^']+)'", self._files["provider/index.js"]
        )
        assert found is not None
        return found[1]

    def block(self, type_: str) -> Json | None:
        """The arguments of a type of resources; None where there is none."""
        name = type_.replace("_", "-")
        short = name.partition("-")[2]
        folder = next((one for one in (f"{name}/", f"{short}/") if f"{one}index.js" in self._files), None)
        if folder is None:
            return None
        script, types = self._text(folder, ".js"), self._text(folder, ".d.ts")
        attributes = _ATTRIBUTES.search(script)
        assert attributes is not None, f"the bindings of {type_} are written in another way"
        structs = {match[1]: match[2] for match in _STRUCT.finditer(script)}
        interfaces = {match[1]: match[2] for match in _INTERFACE.finditer(types)}
        (config,) = _CONFIG.findall(types)
        return _arguments(attributes[1], interfaces[config], structs, interfaces)

    def _text(self, folder: str, ending: str) -> str:
        return "\n".join(
            text for name, text in self._files.items() if name.startswith(folder) and name.endswith(ending)
        )


def _arguments(body: str, interface: str, structs: dict[str, str], interfaces: dict[str, str]) -> Json:
    found: dict[str, Json] = {}
    required = []
    for name, text in _LINE.findall(body):
        nested = [struct for struct in _NESTED.findall(text) if struct in structs]
        inner = None
        if nested:
            of = interfaces.get(nested[0][:1].upper() + nested[0][1:], "")
            inner = _arguments(structs[nested[0]], of, structs, interfaces)
        found[name] = inner
        camel = re.sub(r"_(\w)", lambda match: match[1].upper(), name)
        if re.search(rf"readonly {camel}: ", interface):
            required.append(name)
    return {"arguments": dict(sorted(found.items())), "required": sorted(required)}


def main(types: list[str]) -> None:
    """Writes `arguments.json` for these types."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", name]
        subprocess.run([*command, *BINDINGS.values()], check=True)
        libraries = {}
        for provider, requirement in BINDINGS.items():
            stem = requirement.replace("==", "-").replace("-", "_").rpartition("_")
            (wheel,) = Path(name).glob(f"{stem[0]}-*.whl")
            libraries[provider] = Library(wheel)
    versions = {provider: library.version for provider, library in libraries.items()}
    found = {}
    for type_ in sorted(types):
        tried = (library.block(type_) for library in libraries.values())
        found[type_] = next(block for block in tried if block is not None)
    document = {"source": BINDINGS, "providers": versions, "resources": found}
    ARGUMENTS.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
