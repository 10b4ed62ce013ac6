# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask a Packer binary who it is and which plugins it finds."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

from golden_toolchain import child

_VERSION_LINE = re.compile(r"^Packer v(\S+)", re.MULTILINE)
_PLUGIN_FILE = re.compile(r"^packer-plugin-(?P<name>.+)_v(?P<version>[^_]+)_x[^_]+_(?P<os>[^_]+)_(?P<arch>[^_.]+)")
PROBE_SECONDS = 10.0


def environment(base: t.Mapping[str, str], plugin_path: Path | None = None) -> dict[str, str]:
    """The caller's environment, without phoning home, logging or plugins from elsewhere."""
    env = {key: value for key, value in base.items() if not key.startswith("PACKER_LOG")}
    env["CHECKPOINT_DISABLE"] = "1"
    if plugin_path is not None:
        env["PACKER_PLUGIN_PATH"] = str(plugin_path)
    return env


def version(executable: Path, env: t.Mapping[str, str], limit: float = PROBE_SECONDS) -> str | None:
    """The version that ``packer version`` names, or None: it is another program, or it does not answer in time."""
    answer = child.ask([str(executable), "version"], env=env, limit=limit)
    match = _VERSION_LINE.search(answer or "")
    return match.group(1) if match else None


def plugins(executable: Path, env: t.Mapping[str, str]) -> list[Path] | None:
    """The plugin binaries that this Packer finds where it looks, with right checksums; None when it fails."""
    answer = child.ask([str(executable), "plugins", "installed"], env=env, limit=3 * PROBE_SECONDS)
    return None if answer is None else [Path(line) for line in answer.splitlines() if line.strip()]


def plugin_address(path: Path) -> tuple[str, str] | None:
    """The address and version that a plugin's path says: ``…/github.com/hashicorp/amazon/packer-plugin-amazon_v…``."""
    match = _PLUGIN_FILE.match(path.name)
    return ("/".join(path.parts[-4:-1]), match.group("version")) if match else None
