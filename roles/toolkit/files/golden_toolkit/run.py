# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command that runs another one in the toolkit: in this directory, on the cloud that it is told."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

from golden_toolkit.parts import ToolkitError

# What names files of the host.
_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CA_BUNDLE")


@dataclasses.dataclass(frozen=True)
class Here:
    """Where a command is to run: the checkout, the directory in it, the user's state, and whether anybody looks on."""

    root: Path
    directory: Path
    state: Path
    terminal: bool
    home: Path


def run_argv(
    engine: t.Sequence[str],
    reference: str,
    here: Here,
    environment: t.Mapping[str, str],
    command: t.Sequence[str],
    *,
    on_aws: bool,
) -> list[str]:
    """The whole command. *environment* leads to the cloud; its values are not on the command line, for all to read.

    On AWS the files that it names are mounted where they are, to be read.

    What is kept of runs is kept below the user's state, in a directory of its own: a run in a container cannot tell
    whether the processes of runs outside of it are still there.
    """
    state = here.state / "golden.ami" / "toolkit"
    own_files = here.home / ".aws"
    volumes = [f"{here.root}:{here.root}", f"{state}:{state}"]
    if on_aws and own_files.is_dir():
        volumes.append(f"{own_files}:/root/.aws:ro")
    if on_aws:
        volumes += [f"{file}:{file}:ro" for file in _files(environment)]
    inventory = "inventories/aws.yml" if on_aws else "inventories/codebuild.yml"
    return [
        *engine, "run", "--rm", "--interactive", *(["--tty"] if here.terminal else []),
        # The machines of a local cloud, and its endpoint on loopback, are reached as from outside.
        "--network", "host",
        *[word for volume in volumes for word in ("--volume", volume)],
        "--workdir", str(here.directory),
        "--env", f"XDG_STATE_HOME={state}", "--env", f"ANSIBLE_INVENTORY={here.root / inventory}",
        *[word for name in environment if on_aws or name not in _FILES for word in ("--env", name)],
        reference, *command,
    ]  # fmt: skip


def _files(environment: t.Mapping[str, str]) -> list[str]:
    named = {name: environment[name] for name in _FILES if environment.get(name)}
    for name, file in named.items():
        if not Path(file).is_absolute() or not Path(file).exists():
            raise ToolkitError(f"{name} has to be the whole path of a file that is there, for the toolkit: {file}")
    return sorted(set(named.values()))
