# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The SSM parameters that a template reads, once from the cloud and then from files, so that it builds without access."""

from __future__ import annotations

import json
import shlex
import shutil
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.ssm_reads import (
    Copy,
    Key,
    Parameter,
    Read,
    reads_of,
    write_with_values,
)
from ansible_collections.golden.ami.plugins.module_utils._packer.state import write_private
from ansible_collections.golden.ami.plugins.module_utils._packer.template import load_template
from ansible_collections.golden.ami.plugins.plugin_utils._definition._reader import Reader
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError

from golden_toolkit.parts import ToolkitError

_LIST = "parameters.json"
Ask = t.Callable[[str], t.Any]
"""A client of SSM for a Region; empty: the one that the environment says."""


class Wanted(t.NamedTuple):
    """A template with its variable files, and what it is called."""

    name: str
    template: Path
    var_files: tuple[Path, ...]


def of_image(name: str, checkout: Path, here: Path) -> Wanted:
    """The template that an image's definition names; images here come before those of the collection."""
    if not name or name != Path(name).name or name in (".", ".."):
        raise ToolkitError(f"{name!r} is no name of an image.")
    try:
        definition = Reader([str(here / "images"), str(checkout / "playbooks" / "images")]).load(name).definition
    except DefinitionError as error:
        raise ToolkitError(str(error)) from None
    if definition["template"] is None:
        raise ToolkitError(
            f"{name} has no template of its own. The shared one reads no parameter; what base names is read by the build."
        )
    return Wanted(name, Path(definition["template"]), tuple(map(Path, definition["var_files"])))


def of_template(template: Path, var_files: t.Sequence[Path]) -> Wanted:
    stem = template.resolve().name.partition(".")[0]
    return Wanted(stem or "template", template, tuple(var_files))


def fetch(reads: t.Sequence[Read], ask: Ask, *, secure: bool) -> dict[Key, Parameter]:
    """The parameters by Region and name. A secure string is refused unless the caller says that it may be in a file."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: dict[Key, Parameter] = {}
    trouble = []
    for read in {read.key: read for read in reversed(reads)}.values():
        try:
            told = ask(read.region).get_parameter(Name=read.name, WithDecryption=secure)["Parameter"]
        except (BotoCoreError, ClientError) as error:
            trouble.append(f"{read.place}: {read.name}: {error}")
            continue
        if told["Type"] == "SecureString" and not secure:
            trouble.append(
                f"{read.place}: {read.name} is a SecureString: it would be in a file in clear. SECURE=true writes it,"
                " readable by you alone."
            )
            continue
        found[read.key] = Parameter(told["Value"], told["Version"], told["ARN"], told["Type"])
    if trouble:
        raise ToolkitError("Nothing was written.\n" + "\n".join(trouble))
    return found


def write(wanted: Wanted, ask: Ask, directory: Path, *, secure: bool) -> str:
    """Read the parameters and write what a build needs in their place; says what is where."""
    try:
        template = load_template(str(wanted.template))
        reads = reads_of(template, wanted.var_files)
        if not reads:
            return f"{wanted.template} reads no SSM parameter: it needs no files."
        target = directory / wanted.name
        _refuse_foreign(target)
        values = fetch(reads, ask, secure=secure)
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{wanted.name}-", dir=directory) as made:
            # Written where it is to stay, for its files name each other; what was there before comes back on failure.
            before = Path(made) / "before"
            if target.exists():
                target.rename(before)
            try:
                target.mkdir(mode=0o700)
                copy = write_with_values(template, [Path(one) for one in wanted.var_files], values, target)
                write_private(target / _LIST, _listed(values))
            except BaseException:
                shutil.rmtree(target, ignore_errors=True)
                if before.exists():
                    before.rename(target)
                raise
    except PackerError as error:
        raise ToolkitError(str(error)) from None
    return said(values, copy, target)


def _refuse_foreign(target: Path) -> None:
    if target.exists() and not (target / _LIST).is_file():
        raise ToolkitError(f"{target} is there and was not written by this chore: nothing was overwritten.")


def _listed(values: t.Mapping[Key, Parameter]) -> str:
    rows = [
        {"name": name, "region": region or None, "version": one.version, "type": one.type, "value": one.value}
        for (region, name), one in sorted(values.items())
    ]
    return json.dumps(rows, indent=2) + "\n"


def said(values: t.Mapping[Key, Parameter], copy: Copy, target: Path) -> str:
    """What was read and how to build with it, without a value."""
    command = ["packer", "build", *[f"-var-file={one}" for one in copy.var_files], str(copy.template)]
    rows = [
        f"  {name} version {one.version}{f' in {region}' if region else ''}" for (region, name), one in values.items()
    ]
    return "\n".join(
        [f"Read, and written to {target}:", *sorted(rows), "Build without access to them:", f"  {shlex.join(command)}"]
    )
