# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the toolkit image says of its contents: as a table for people, and as a bill of materials (CycloneDX, JSON)."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t
import urllib.parse
import uuid
from pathlib import Path

from golden_toolkit.engine import Engine
from golden_toolkit.parts import ToolkitError

INSIDE = Path(__file__).with_name("inside.py")
SPEC = "1.6"
# Of ansible's many collections, the table names those that the project needs; the bill of materials has them all.
_SHOWN_COLLECTIONS = ("amazon.aws", "ansible.posix", "ansible.utils", "community.general")
_SHOWN_DISTRIBUTIONS = ("ansible", "boto3", "botocore", "pytest", "pytest-testinfra")

Inventory = t.Mapping[str, t.Any]
Component = dict[str, t.Any]


def ask_argv(engine: t.Sequence[str], reference: str) -> list[str]:
    """The command that asks the image: nothing of the host is in its container, and no network."""
    return [*engine, "run", "--rm", "--interactive", "--network", "none", reference, "python", "-"]


def ask(engine: Engine, reference: str) -> Inventory:
    """What is inside, as the image tells it."""
    if not engine.has(reference):
        raise ToolkitError(f"There is no {reference} to ask: ./taskw toolkit:build")
    return _answer(ask_argv(engine.argv, reference))


def here() -> Inventory:
    """What is inside, for who is in the toolkit."""
    return _answer(["python", "-"])


def _answer(argv: t.Sequence[str]) -> Inventory:
    done = subprocess.run(argv, input=INSIDE.read_bytes(), capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise ToolkitError(f"The toolkit could not be asked, {argv[0]} ended with {done.returncode}: {said}")
    try:
        return t.cast("Inventory", json.loads(done.stdout))
    except ValueError:
        raise ToolkitError("The toolkit answered with something else than JSON.") from None


def versions(reference: str, told: Inventory) -> str:
    """The table: what people ask for first, and how much there is of the rest."""
    rows = [("image", reference), ("system", told["system"].get("PRETTY_NAME", "?"))]
    rows += sorted(told["programs"].items())
    rows += [(f"packer plugin {one['name']}", one["version"]) for one in told["plugins"]]
    collections = {one["name"]: one["version"] for one in told["collections"]}
    rows += [(name, collections[name]) for name in _SHOWN_COLLECTIONS if name in collections]
    distributions = {one["name"]: one["version"] for one in reversed(told["python"])}
    rows += [(name, distributions[name]) for name in _SHOWN_DISTRIBUTIONS if name in distributions]
    width = max(len(name) for name, _version in rows)
    counts = ", ".join(
        f"{len(told[kind])} {words}"
        for kind, words in (
            ("debian", "Debian packages"),
            ("python", "Python distributions"),
            ("collections", "collections"),
            ("go", "Go programs"),
        )
    )
    return "\n".join([*(f"{name:<{width}}  {version}" for name, version in rows), "", f"In all {counts}."])


def _purl(kind: str, name: str, version: str, **qualifiers: str) -> str:
    """A package URL; what stands in parts of it is encoded as its specification wants."""
    path = "/".join(urllib.parse.quote(part, safe=".-_~") for part in name.split("/"))
    version = urllib.parse.quote(version, safe=".-_~:")
    query = "&".join(f"{key}={urllib.parse.quote(value, safe='.-_~')}" for key, value in sorted(qualifiers.items()))
    return f"pkg:{kind}/{path}{f'@{version}' if version else ''}{f'?{query}' if query else ''}"


def _component(kind: str, name: str, version: str, purl: str, **more: t.Any) -> Component:
    return {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}


def _debian(told: Inventory) -> t.Iterator[Component]:
    system = told["system"]
    distro = f"{system.get('ID', 'debian')}-{system.get('VERSION_ID', '')}".rstrip("-")
    for one in told["debian"]:
        more = {"upstream": one["source"]} if one["source"] not in ("", one["name"]) else {}
        vendor = f"{system.get('ID', 'debian')}/{one['name']}"
        purl = _purl("deb", vendor, one["version"], arch=one["architecture"], distro=distro, **more)
        yield _component("library", one["name"], one["version"], purl)


def _python(told: Inventory) -> t.Iterator[Component]:
    for one in told["python"]:
        name = re.sub(r"[-_.]+", "-", one["name"]).lower()
        properties = [{"name": "golden:environment", "value": one["environment"]}]
        yield _component(
            "library", one["name"], one["version"], _purl("pypi", name, one["version"]), properties=properties
        )


def _collections(told: Inventory) -> t.Iterator[Component]:
    for one in told["collections"]:
        purl = _purl("generic", f"ansible-collection/{one['name']}", one["version"])
        yield _component("library", one["name"], one["version"], purl)


def _golang(module: t.Mapping[str, str]) -> Component:
    purl = _purl("golang", module["path"], module["version"])
    return _component("library", module["path"], module["version"] or "unknown", purl)


def _program(one: t.Mapping[str, t.Any]) -> Component:
    name = one["file"].rpartition("/")[2]
    main = one["main"] or {"path": one["path"] or name, "version": ""}
    properties = [{"name": "golden:file", "value": one["file"]}, {"name": "golden:go", "value": one["go"]}]
    found = _component("application", name, main["version"] or "unknown", _golang(main)["purl"], properties=properties)
    # Programs of one module would have one name.
    return {**found, "bom-ref": f"file:{one['file']}"}


def sbom(reference: str, told: Inventory) -> Component:
    """The bill of materials. The same image gives the same one: it has no date, and its number is made of its content."""
    image = {"type": "container", "bom-ref": f"image:{reference}", "name": reference.rpartition(":")[0]}
    image["version"] = reference.rpartition(":")[2]
    programs = [(_program(one), [_golang(module) for module in one["modules"]]) for one in told["go"]]
    parts = [*_debian(told), *_python(told), *_collections(told), *(program for program, _modules in programs)]
    everything = [*parts, *(module for _program, modules in programs for module in modules)]
    components = sorted({one["bom-ref"]: one for one in everything}.values(), key=lambda one: str(one["bom-ref"]))
    dependencies = [{"ref": image["bom-ref"], "dependsOn": sorted({one["bom-ref"] for one in parts})}]
    dependencies += [
        {"ref": program["bom-ref"], "dependsOn": sorted({module["bom-ref"] for module in modules})}
        for program, modules in programs
        if modules
    ]
    document: Component = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {"component": image},
        "components": components,
        "dependencies": dependencies,
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return {**document, "serialNumber": f"urn:uuid:{number}"}
