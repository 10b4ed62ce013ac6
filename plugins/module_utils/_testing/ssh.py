# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The way to an instance: SSH's own configuration file, which all engines use, and commands by it."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import io
import pathlib
import shlex
import tarfile
import tempfile

from .commands import Commands, Ended

# What instances are called for SSH and for Ansible, as Packer's Ansible provisioner calls its builder.
HOST = "default"
# Where what the tests need is on an instance: a place that is never mounted noexec.
REMOTE = "/usr/local/lib/golden-test"
# Bytes that the path of a socket may have, less what SSH adds while it makes one.
_SOCKET = 85
# SSH's own exit status when it could not connect, or lost the connection.
LOST = 255
SESSION = "session_manager"
_PROXY = (
    "aws ssm start-session --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p --region {region}"
)


@dataclasses.dataclass(frozen=True)
class Way:
    """How an instance is reached. C(address) is its id by way of Session Manager."""

    address: str
    user: str
    key: pathlib.Path
    proxy: str | None = None
    port: int = 22


def proxy_of(interface: str, region: str) -> str | None:
    return _PROXY.format(region=region) if interface == SESSION else None


def configuration(way: Way, directory: pathlib.Path) -> str:
    """SSH's configuration, with nothing of the user's own. One connection serves all commands, where its path is short enough."""
    socket = directory / "ssh"
    lasting = len(str(socket)) <= _SOCKET
    lines = [
        f"Host {HOST}",
        f"  HostName {way.address}",
        f"  Port {way.port}",
        f"  User {way.user}",
        f'  IdentityFile "{way.key}"',
        "  IdentitiesOnly yes",
        f'  UserKnownHostsFile "{directory / "known_hosts"}"',
        "  GlobalKnownHostsFile none",
        # A new instance has a new key. After the reboot it has to be the same.
        "  StrictHostKeyChecking accept-new",
        "  BatchMode yes",
        "  PreferredAuthentications publickey",
        "  ConnectTimeout 10",
        "  ServerAliveInterval 10",
        "  ServerAliveCountMax 6",
        "  LogLevel ERROR",
        f"  ControlMaster {'auto' if lasting else 'no'}",
        f'  ControlPath "{socket if lasting else "none"}"',
        "  ControlPersist 60",
    ]
    return "\n".join([*lines, *([f"  ProxyCommand {way.proxy}"] if way.proxy else []), ""])


class Connection:
    """Commands on one instance. C(directory) is the cell's own, on this machine."""

    def __init__(self, way: Way, directory: pathlib.Path, commands: Commands) -> None:
        self.way = way
        self.directory = directory
        self.commands = commands
        self.config = directory / "ssh_config"
        self.config.write_text(configuration(way, directory), encoding="utf-8")
        self._there: set[str] = set()

    def run(self, command: str, *, timeout: float, stdin: io.BufferedReader | None = None) -> Ended:
        """Run a line of shell on the instance."""
        argv = ["ssh", "-F", str(self.config), HOST, command]
        return self.commands.run(argv, timeout=timeout, stdin=stdin)

    def feed(self, command: str, text: bytes, *, timeout: float) -> Ended:
        """The same with a text on its standard input."""
        with tempfile.TemporaryFile(dir=self.directory) as file:
            file.write(text)
            file.flush()
            file.seek(0)
            return self.run(command, timeout=timeout, stdin=file)  # type: ignore[arg-type]

    def upload(self, name: str, files: c.Mapping[str, pathlib.Path | bytes], *, timeout: float) -> Ended | None:
        """Bring files and directories into C(REMOTE)/C(name), for root alone; once. None when they are there."""
        if name in self._there:
            return None
        place = shlex.quote(f"{REMOTE}/{name}")
        done = self.feed(
            f"sudo -n sh -c 'umask 077 && mkdir -p {place} && tar -xf - -C {place}'", packed(files), timeout=timeout
        )
        if done.code == 0:
            self._there.add(name)
        return done

    def remove(self, *, timeout: float) -> Ended:
        """Take away again what was brought."""
        self._there.clear()
        return self.run(f"sudo -n rm -rf {REMOTE}", timeout=timeout)

    def close(self) -> None:
        """End the lasting connection."""
        if (self.directory / "ssh").exists():
            self.commands.run(["ssh", "-F", str(self.config), "-O", "exit", HOST], timeout=10)


def packed(files: c.Mapping[str, pathlib.Path | bytes]) -> bytes:
    """A tar archive, owned by root; what may be run stays so."""
    buffer = io.BytesIO()

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if pathlib.PurePath(info.name).name in {".git", "__pycache__"}:
            return None
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mode = 0o700 if info.mode & 0o100 or info.isdir() else 0o600
        return info

    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as archive:
        for name, content in files.items():
            if isinstance(content, bytes):
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(content), 0o600
                archive.addfile(info, io.BytesIO(content))
            else:
                archive.add(content, arcname=name, filter=plain)
    return buffer.getvalue()
