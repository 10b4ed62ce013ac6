# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess

from ansible.module_utils.ansible_release import __version__ as ansible_version

from .constraints import satisfies
from .errors import PackerError
from .state import cache_directory, read_json, write_private
from .template import Template

_VERSION = re.compile(r"^Packer v(\S+)", re.MULTILINE)
_BINARY = re.compile(r"^packer-plugin-(?P<name>[\w-]+)_v(?P<version>[^_]+)_x[\d.]+_\w+_\w+$")
# Debian and RHEL have another program of this name (cracklib's), which waits for input.
_PROBE_TIMEOUT = 20


@dataclasses.dataclass(frozen=True)
class Versions:
    packer: str
    plugins: dict[str, str]
    ansible: str = ansible_version

    def missing(self, template: Template) -> list[str]:
        """Plugins that the template asks for and that are not there yet, or in no version that fits."""
        return [source for source in template.plugins if source not in self.plugins]


def find_executable(name: str) -> str:
    found = shutil.which(os.path.expanduser(name))
    if not found:
        raise PackerError(
            f"There is no program {name} here. Install Packer (the role golden.ami.packer does), or say where it is"
            " with packer_executable."
        )
    return found


def packer_version(executable: str) -> str:
    """The version of a Packer; asked once for each executable, for starting it takes as long as a small read."""
    stat = os.stat(executable)
    cache = cache_directory() / "packer_versions.json"
    key = f"{os.path.realpath(executable)} {stat.st_size} {stat.st_mtime_ns}"
    known = read_json(cache)
    if key not in known:
        known[key] = _ask_version(executable)
        write_private(cache, json.dumps(known))
    return str(known[key])


def _ask_version(executable: str) -> str:
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    try:
        # pylint: disable-next=ansible-bad-function  # AnsibleModule is not known here: only main() exits
        asked = subprocess.run(  # noqa: S603
            [executable, "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PROBE_TIMEOUT,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PackerError(f"{executable} does not tell its version: {error}") from error
    match = _VERSION.search(asked.stdout)
    if not match:
        said = (asked.stdout + asked.stderr).strip()[:200]
        raise PackerError(
            f"{executable} is not HashiCorp's Packer: 'packer version' says {said!r}. Say where Packer is with"
            " packer_executable."
        )
    return match[1]


def _plugin_directories(plugin_path: str | None) -> list[pathlib.Path]:
    if plugin_path:
        return [pathlib.Path(entry) for entry in plugin_path.split(os.pathsep) if entry]
    config = os.environ.get("PACKER_CONFIG_DIR")
    if config:
        return [pathlib.Path(config, ".packer.d", "plugins")]
    home = pathlib.Path.home()
    return [home / ".packer.d" / "plugins", home / ".config" / "packer" / "plugins"]


def _order(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def installed_plugins(plugin_path: str | None) -> dict[str, list[str]]:
    """The versions of each plugin there is, newest first, by source, read from the names of the files."""
    found: dict[str, set[str]] = {}
    for directory in _plugin_directories(plugin_path):
        for file in directory.glob("*/*/*/packer-plugin-*"):
            match = _BINARY.match(file.name)
            if match:
                found.setdefault("/".join(file.relative_to(directory).parts[:3]), set()).add(match["version"])
    return {source: sorted(versions, key=_order, reverse=True) for source, versions in sorted(found.items())}


def _chosen(installed: list[str], constraint: str) -> str | None:
    """The version that Packer takes: the newest that fits."""
    return next((version for version in installed if satisfies(version, constraint)), None)


def read_versions(executable: str, plugin_path: str | None, template: Template) -> Versions:
    """The versions that matter to a template: of the plugins those that it names, all when it cannot name any."""
    installed = installed_plugins(plugin_path)
    if template.hcl and template.plugins:
        installed = {source: versions for source, versions in installed.items() if source in template.plugins}
    chosen = {source: _chosen(installed[source], template.constraints.get(source, "")) for source in sorted(installed)}
    plugins = {source: version for source, version in chosen.items() if version is not None}
    return Versions(packer_version(executable), plugins)
