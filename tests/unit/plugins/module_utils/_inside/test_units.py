# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of systemd's units are told of."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._inside.units import blocks, states

RUNNING = {"ActiveState": "active", "SubState": "running"}


def unit(name: str, boot: str = "", **more: str) -> dict[str, str]:
    return {"Id": name, "UnitFileState": boot, **more}


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (unit("web.service", "enabled", **RUNNING), "enabled/active"),
        (unit("web.service", "disabled", **RUNNING), "disabled/active"),
        (unit("web.service", "masked"), "masked/inactive"),
        (unit("web.service", "enabled", ActiveState="activating", SubState="auto-restart"), "enabled/restarting"),
        # Somebody's init script, or what a generator made.
        (unit("web.service", "generated", **RUNNING), "generated/active"),
        (unit("web.service", "", **RUNNING), "none/active"),
        (unit("user-sessions.service", "static", **RUNNING), "static/active"),
        (unit("apt-daily.service", "static"), None),
        # Whether these run depends on when one looks.
        (unit("apt-daily.service", "static", ActiveState="activating", TriggeredBy="apt-daily.timer"), None),
        (unit("hostnamed.service", "static", **RUNNING, BusName="org.freedesktop.hostname1"), None),
        (unit("apt-daily.service", "static", ActiveState="failed", TriggeredBy="apt-daily.timer"), "static/failed"),
        # What looks is itself logged in, or was started by systemd-run.
        (unit("user@1000.service", "static", **RUNNING), None),
        (unit("session-3.scope", "transient", **RUNNING), None),
        (unit("run-u12.service", "transient", **RUNNING), None),
    ],
)
def test_one_that_is_loaded(one: dict[str, str], state: str | None) -> None:
    assert states({}, [one]) == ({one["Id"]: state} if state else {})


def test_those_that_are_not_loaded() -> None:
    files = {
        "web.service": "disabled",
        "cron.service": "enabled",
        "sshd.service": "alias",
        "fsck.service": "static",
        "getty@.service": "enabled",
    }
    assert states(files, []) == {"cron.service": "enabled/inactive", "web.service": "disabled/inactive"}


def test_one_of_a_template_has_its_state() -> None:
    loaded = [unit("getty@tty1.service", **RUNNING)]
    assert states({"getty@.service": "enabled"}, loaded) == {"getty@tty1.service": "enabled/active"}


def test_units_are_apart_by_empty_lines() -> None:
    lines = ["", "Id=a.socket", "Names=a=b", "", "", "BusName=x", "Id=b.service", ""]
    assert [one for one in blocks(lines) if one] == [
        {"Id": "a.socket", "Names": "a=b"},
        {"BusName": "x", "Id": "b.service"},
    ]
