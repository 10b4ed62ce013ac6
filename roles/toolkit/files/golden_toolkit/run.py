# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command that runs another one in the toolkit: in this directory, on the cloud that it is told. Pure."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

_AROUND = "inventories/codebuild.yml"
_NEVER_THERE = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")


@dataclasses.dataclass(frozen=True)
class Here:
    """Where a command is to run: the checkout, the directory in it, the user's state, and whether anybody looks on."""

    root: Path
    directory: Path
    state: Path
    terminal: bool
    home: Path


def run_argv(
    engine: t.Sequence[str], reference: str, here: Here, environment: t.Mapping[str, str], command: t.Sequence[str]
) -> list[str]:
    """The whole command. *environment* says which cloud it is; its values are not on the command line, for all to read.

    What is kept of runs is kept below the user's state, in a directory of its own: a run in a container cannot tell
    whether the processes of runs outside of it are still there.
    """
    state = here.state / "golden.ami" / "toolkit"
    variables = [name for name in environment if name not in _NEVER_THERE]
    shared = [here.root, state, *([here.home / ".aws"] if "AWS_ENDPOINT_URL" not in environment else [])]
    targets = {here.home / ".aws": "/root/.aws:ro"}
    return [
        *engine, "run", "--rm", "--interactive", *(["--tty"] if here.terminal else []),
        # The machines of a local cloud, and its endpoint on loopback, are reached as from outside.
        "--network", "host",
        *[word for path in shared for word in ("--volume", f"{path}:{targets.get(path, path)}")],
        "--workdir", str(here.directory),
        "--env", f"XDG_STATE_HOME={state}", "--env", f"ANSIBLE_INVENTORY={_AROUND}",
        *[word for name in variables for word in ("--env", name)],
        reference, *command,
    ]  # fmt: skip
