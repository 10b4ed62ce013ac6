# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Reads what the program of C(script) printed. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import re
import typing as t

from . import contents, units
from .contents import Contents, Port, User
from .script import END, MARK

_OS = ("ID", "VERSION_ID", "PRETTY_NAME")
_PROCESS = re.compile(r'\("((?:[^"\\]|\\.)*)",pid=')
_DIGITS = re.compile("[0-9]{1,18}")
# What the kernel takes ports from where it is not told otherwise.
_RANGE = (32768, 60999)

Value = t.TypeVar("Value")


class NotContents(ValueError):
    """What was printed is not what the program prints, or not all of it."""


class _Unknown(ValueError):
    """A part that cannot be read."""


@dataclasses.dataclass(frozen=True)
class _Part:
    """What a command printed, its exit status, and its complaints. C(lines) has empty ones as well."""

    name: str
    lines: tuple[str, ...]
    status: int
    said: str

    def good(self) -> tuple[str, ...]:
        """All its lines; with those that are empty, for they end a paragraph."""
        if self.status:
            raise _Unknown(self.said or f"what was to tell of {self.name} ended with {self.status}")
        return self.lines


def parse(text: str) -> Contents:
    """What is inside. Raises NotContents when the text does not end as the program's does."""
    parts = _parts(text)
    unread: dict[str, str] = {}

    def read(subject: str, function: c.Callable[[c.Mapping[str, _Part]], Value], without: Value) -> Value:
        try:
            return function(parts)
        except _Unknown as error:
            unread[subject] = str(error)
            return without

    return Contents(
        packages=read(contents.PACKAGES, _packages, {}),
        services=read(contents.SERVICES, _services, {}),
        ports=read(contents.PORTS, _ports, ()),
        users=read(contents.USERS, _users, {}),
        os=read(contents.OS, _os, {}),
        kernel=read(contents.KERNEL, _kernel, None),
        boot_seconds=read(contents.BOOT, _boot, None),
        disk_bytes=read(contents.DISK, _disk, None),
        unread=unread,
    )


def _parts(text: str) -> dict[str, _Part]:
    found: dict[str, _Part] = {}
    name = ""
    lines: list[str] = []
    # Nothing else ends a line: what a user is called may have any other character.
    for line in text.replace("\r\n", "\n").split("\n"):
        words = line.split(" ", 4) if line.startswith(f"{MARK} ") else []
        if line == f"{MARK} {END}":
            return found
        if name and len(words) > 3 and words[1:3] == ["end", name] and _DIGITS.fullmatch(words[3]):
            found[name] = _Part(name, tuple(lines), int(words[3]), words[4].strip() if len(words) > 4 else "")
            name = ""
        elif len(words) == 2:
            name, lines = words[1], []
        elif name:
            lines.append(line)
    last = text.strip().splitlines()[-1:] or ["nothing at all"]
    raise NotContents(f"What is inside the instance was not told to the end; the last of it is: {last[0][:200]}")


def _all_lines(parts: c.Mapping[str, _Part], name: str) -> tuple[str, ...]:
    if name not in parts:
        raise _Unknown(f"nothing told of {name}")
    return parts[name].good()


def _lines(parts: c.Mapping[str, _Part], name: str) -> list[str]:
    return [line for line in _all_lines(parts, name) if line]


def _fields(line: str, separator: str | None, number: int) -> list[str]:
    fields = line.split(separator, number - 1)
    if len(fields) != number:
        raise _Unknown(f"this line says nothing: {line[:100]}")
    return fields


def _number(text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise _Unknown(f"this is no number: {text[:100]!r}")
    return int(text)


def _packages(parts: c.Mapping[str, _Part]) -> dict[str, str]:
    name = next((name for name in parts if name.startswith("packages-")), "packages")
    lines = _lines(parts, name)
    if name not in _READERS:
        raise _Unknown(f"{name} is not known")
    found: dict[str, set[str]] = {}
    for package, version in _READERS[name](lines):
        found.setdefault(package, set()).add(version)
    if not found:
        raise _Unknown("no package was told of")
    # Of a kernel, for example, several versions may be there at a time.
    return {package: ", ".join(sorted(found[package])) for package in sorted(found)}


def _dpkg(lines: c.Sequence[str]) -> list[list[str]]:
    rows = [_fields(line, "\t", 3) for line in lines]
    # Of a removed one its settings may be left: then it is no package that is there.
    return [[name, version] for state, name, version in rows if state[1:2] in "iUFWt"]


def _rpm(lines: c.Sequence[str]) -> list[list[str]]:
    rows = [_fields(line, "\t", 2) for line in lines]
    # An epoch of 0 is none.
    return [[name, version.removeprefix("0:")] for name, version in rows]


def _spaced(lines: c.Sequence[str]) -> list[list[str]]:
    return [_fields(line, None, 2) for line in lines]


def _apk(lines: c.Sequence[str]) -> list[list[str]]:
    names = [line[2:] for line in lines if line.startswith("P:")]
    versions = [line[2:] for line in lines if line.startswith("V:")]
    if len(names) != len(versions):
        raise _Unknown("apk has names without versions")
    return [list(pair) for pair in zip(names, versions, strict=True)]


_READERS: dict[str, c.Callable[[c.Sequence[str]], list[list[str]]]] = {
    "packages-dpkg": _dpkg,
    "packages-rpm": _rpm,
    "packages-apk": _apk,
    "packages-pacman": _spaced,
}


def _services(parts: c.Mapping[str, _Part]) -> dict[str, str]:
    files = {row[0]: row[1] for row in (line.split() for line in _lines(parts, "unit-files")) if len(row) > 1}
    return units.states(files, units.blocks(_all_lines(parts, "units")))


def _ports(parts: c.Mapping[str, _Part]) -> tuple[Port, ...]:
    low, high = _RANGE
    if "port-range" in parts:
        low, high = map(_number, _fields(" ".join(_lines(parts, "port-range")), None, 2))
    found = set()
    for line in _lines(parts, "ports"):
        columns = line.split(None, 6)
        if columns[0] not in {"tcp", "udp"}:
            continue
        if len(columns) < 6:
            raise _Unknown(f"this line says nothing: {line[:100]}")
        address, _colon, port = columns[4].rpartition(":")
        processes = sorted(set(_PROCESS.findall(columns[6] if len(columns) > 6 else "")))
        number = _number(port)
        # Mostly a socket that asks and waits for answers: its port is another one after each boot.
        chosen = columns[0] == "udp" and low <= number <= high
        found.add(Port(columns[0], _kind(address), None if chosen else number, ",".join(processes)))
    return tuple(sorted(found, key=lambda one: (one.protocol, one.port or 0, one.address, one.process)))


def _kind(address: str) -> str:
    bare = address.partition("%")[0].strip("[]").removeprefix("::ffff:")
    if bare in {"*", "0.0.0.0", "::", ""}:
        return contents.ANY
    return contents.LOOPBACK if bare == "::1" or bare.startswith("127.") else contents.ONE


def _users(parts: c.Mapping[str, _Part]) -> dict[str, User]:
    rows = [_fields(line, ":", 7) for line in _lines(parts, "users")]
    return {row[0]: User(_number(row[2]), row[6]) for row in sorted(rows)}


def _os(parts: c.Mapping[str, _Part]) -> dict[str, str]:
    pairs = (line.partition("=") for line in _lines(parts, "os"))
    return {name: value.strip("\"'") for name, _equal, value in pairs if name in _OS}


def _kernel(parts: c.Mapping[str, _Part]) -> str | None:
    return " ".join(_lines(parts, "kernel"))


def _boot(parts: c.Mapping[str, _Part]) -> float | None:
    told = {name: value for name, _equal, value in (line.partition("=") for line in _lines(parts, "boot"))}
    finish, begin = (_number(told.get(f"{name}TimestampMonotonic", "0")) for name in ("Finish", "Userspace"))
    if not finish:
        raise _Unknown("it has not ended its boot")
    # The clock runs since the kernel started, which is not the container's.
    return round((finish - (begin if told.get("Container") else 0)) / 1e6, 1)


def _disk(parts: c.Mapping[str, _Part]) -> int | None:
    if "disk-counted" in parts:
        return _number("".join(_lines(parts, "disk-counted")).partition("\t")[0]) * 1024
    lines = _lines(parts, "disk")
    return _number(_fields(lines[-1] if lines else "", None, 6)[2]) * 1024
