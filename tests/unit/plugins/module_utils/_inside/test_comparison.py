# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between two versions."""

from __future__ import annotations

import dataclasses

from ansible_collections.golden.ami.plugins.module_utils._inside.comparison import Change, Measure, Unknown, compare
from ansible_collections.golden.ami.plugins.module_utils._inside.contents import Contents, Port, User
from harness.insides import AFTER, BEFORE
from hypothesis import given
from hypothesis import strategies as st

VERSIONS = ("1.0", "1.1")


def changes(before: Contents, after: Contents) -> list[Change]:
    return list(compare(before, after, VERSIONS).changes)


def test_a_package_more_and_a_service_less() -> None:
    found = compare(BEFORE, AFTER, VERSIONS)
    assert found.changes == (
        Change("packages", "added", "htop", None, "3.2.2-2"),
        Change("services", "removed", "cron.service", "enabled/active", None),
    )
    assert found.measures == (Measure("boot_seconds", 8.1, 8.4), Measure("disk_bytes", 1_305_739_264, 1_307_836_416))
    assert found.unknown == ()


def test_what_is_measured_is_no_difference() -> None:
    assert changes(BEFORE, dataclasses.replace(BEFORE, boot_seconds=20.0, disk_bytes=1)) == []


def test_each_part() -> None:
    after = dataclasses.replace(
        BEFORE,
        packages={**BEFORE.packages, "bash": "5.3"},
        services={**BEFORE.services, "nginx.service": "disabled/inactive"},
        ports=(Port("tcp", "any", 22, "sshd"), Port("tcp", "loopback", 80, "nginx"), Port("udp", "any", None, "")),
        users={**BEFORE.users, "admin": User(1000, ""), "deploy": User(1001, "/bin/sh")},
        os={**BEFORE.os, "VERSION_ID": "13"},
        kernel="6.12 x86_64",
    )
    assert [(one.part, one.action, one.name, one.before, one.after) for one in changes(BEFORE, after)] == [
        ("packages", "changed", "bash", "5.2.15-2+b13", "5.3"),
        ("services", "changed", "nginx.service", "enabled/active", "disabled/inactive"),
        ("ports", "added", "tcp/80 loopback", None, "nginx"),
        ("ports", "added", "udp/ephemeral everywhere", None, "-"),
        ("ports", "removed", "tcp/80 everywhere", "nginx", None),
        ("users", "added", "deploy", None, "uid 1001, /bin/sh"),
        ("users", "changed", "admin", "uid 1000, /bin/bash", "uid 1000, no shell"),
        ("os", "changed", "VERSION_ID", "12", "13"),
        ("kernel", "changed", "kernel", "6.1.0-28-cloud-amd64 x86_64", "6.12 x86_64"),
    ]


def test_several_that_listen_at_one_port_are_one_entry() -> None:
    both = dataclasses.replace(BEFORE, ports=(Port("tcp", "one", 53, "named"), Port("tcp", "one", 53, "dnsmasq")))
    one = dataclasses.replace(BEFORE, ports=(Port("tcp", "one", 53, "named"),))
    assert changes(one, both) == [Change("ports", "changed", "tcp/53 one address", "named", "dnsmasq, named")]


def test_what_is_not_known_of_one_is_not_compared() -> None:
    """Nobody is to read that all services are gone."""
    after = dataclasses.replace(
        AFTER, services={}, boot_seconds=None, unread={"services": "no bus", "boot_seconds": "?"}
    )
    found = compare(BEFORE, after, VERSIONS)
    assert [one.part for one in found.changes] == ["packages"]
    assert found.unknown == (Unknown("services", "1.1", "no bus"), Unknown("boot_seconds", "1.1", "?"))
    assert found.measures[0] == Measure("boot_seconds", 8.1, None)


TEXTS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("123"), max_size=5)


@given(TEXTS, TEXTS)
def test_what_is_told_leads_from_one_to_the_other(before: dict[str, str], after: dict[str, str]) -> None:
    made = dict(before)
    for change in changes(Contents(packages=before), Contents(packages=after)):
        assert made.pop(change.name, None) == change.before
        if change.after is not None:
            made[change.name] = change.after
    assert made == after
