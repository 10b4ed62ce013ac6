# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Which of systemd's units say something about an image, and what. Nothing here calls anything."""

from __future__ import annotations

import collections.abc as c

# What somebody decided, or the image's maker: the others start when something else wants them.
_DECIDED = {"enabled", "enabled-runtime", "disabled", "masked", "masked-runtime"}
# A second name of a unit that is told of by its first.
_ALIAS = "alias"
# Made while it runs: a login, or a command that somebody started through systemd.
_TRANSIENT = "transient"
# What a login brings, and with it whoever looks.
_OF_LOGINS = ("user@", "user-runtime-dir@", "session-")

Unit = dict[str, str]


def blocks(lines: c.Iterable[str]) -> list[Unit]:
    """The units of C(systemctl show): an empty line is between two."""
    found: list[Unit] = [{}]
    for line in lines:
        name, equal, value = line.partition("=")
        if equal:
            found[-1][name] = value
        elif found[-1]:
            found.append({})
    return found


def states(files: c.Mapping[str, str], loaded: c.Iterable[Unit]) -> dict[str, str]:
    """What becomes of each unit at a boot, and what it does now: like enabled/active, disabled/inactive, static/failed.

    Without those that are there for others to start, and that only a timer, a socket or the bus starts when it is time:
    whether they run just now says nothing about the image.
    """
    running = {unit["Id"]: unit for unit in loaded if unit.get("Id")}
    found = {}
    for name in sorted({*files, *running}):
        unit = running.get(name, {})
        boot = unit.get("UnitFileState") or files.get(name) or files.get(_template(name), "")
        now = _now(unit)
        if boot in {_ALIAS, _TRANSIENT} or name.startswith(_OF_LOGINS) or (name not in running and _is_template(name)):
            continue
        wanted = boot in _DECIDED or (now != "inactive" and not _on_demand(unit))
        if wanted or now == "failed":
            found[name] = f"{boot or 'none'}/{now}"
    return found


def _now(unit: c.Mapping[str, str]) -> str:
    state = unit.get("ActiveState") or "inactive"
    # It ends, and is started again and again.
    return "restarting" if unit.get("SubState") == "auto-restart" else state


def _on_demand(unit: c.Mapping[str, str]) -> bool:
    return bool(unit.get("BusName") or unit.get("TriggeredBy"))


def _template(name: str) -> str:
    start, at, rest = name.partition("@")
    return f"{start}@.{rest.rpartition('.')[2]}" if at else name


def _is_template(name: str) -> bool:
    return "@." in name
