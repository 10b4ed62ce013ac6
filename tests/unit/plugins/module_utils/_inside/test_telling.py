# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A difference in words."""

from __future__ import annotations

import dataclasses

from ansible_collections.golden.ami.plugins.module_utils._inside.comparison import Difference, compare
from ansible_collections.golden.ami.plugins.module_utils._inside.contents import Contents
from ansible_collections.golden.ami.plugins.module_utils._inside.telling import lines, markdown, summary
from harness.insides import AFTER, BEFORE

VERSIONS = ("1.0", "1.1")
DIFFERENCE = compare(BEFORE, AFTER, VERSIONS)
NAMED = "web 1.0 → 1.1"


def compared(after: Contents) -> Difference:
    return compare(BEFORE, after, VERSIONS)


def test_the_short_line() -> None:
    assert summary(NAMED, DIFFERENCE) == (
        "web 1.0 → 1.1: 1 package added (htop); 1 service removed (cron.service); boot 8.1 s → 8.4 s;"
        " disk used 1.31 GB → 1.31 GB"
    )


def test_many_are_counted_and_few_are_named() -> None:
    more = {f"lib{number}": "1" for number in range(4)}
    packages = {**more, "bash": "6", "cron": BEFORE.packages["cron"]}
    told = summary(NAMED, compared(dataclasses.replace(BEFORE, packages=packages)))
    assert "1.1: 4 packages added, 1 removed (nginx-light), 1 changed (bash); boot" in told


def test_no_difference_is_said_and_so_is_what_is_not_known() -> None:
    assert summary(NAMED, compared(BEFORE)).startswith("web 1.0 → 1.1: no difference; boot 8.1 s → 8.1 s")
    unread = dataclasses.replace(BEFORE, boot_seconds=None, unread={"ports": "no ss", "boot_seconds": "?"})
    assert summary(NAMED, compared(unread)) == (
        "web 1.0 → 1.1: no difference in what is known; not compared: ports; disk used 1.31 GB → 1.31 GB"
    )


def test_another_system_is_named() -> None:
    after = dataclasses.replace(BEFORE, os={"ID": "debian", "VERSION_ID": "13"}, kernel=None)
    told = summary(NAMED, compared(after))
    assert "PRETTY_NAME Debian GNU/Linux 12 (bookworm) → not told, VERSION_ID 12 → 13" in told
    assert "kernel 6.1.0-28-cloud-amd64 x86_64 → not told" in told


def test_the_table_has_a_line_for_each() -> None:
    unread = dataclasses.replace(AFTER, ports=(), unread={"ports": "no ss"}, kernel="7 x86_64")
    assert lines(compared(unread)) == [
        "added    packages  htop          3.2.2-2",
        "removed  services  cron.service  enabled/active",
        "changed  kernel    kernel        6.1.0-28-cloud-amd64 x86_64 → 7 x86_64",
        "unknown  ports     1.1           no ss",
    ]
    assert lines(compared(BEFORE)) == []


def test_the_page() -> None:
    unread = dataclasses.replace(AFTER, ports=(), unread={"ports": "no ss"})
    assert (
        markdown("web", VERSIONS, compared(unread))
        == """\
## `web`: `1.0` → `1.1`

1 package added (htop); 1 service removed (cron.service); not compared: ports; boot 8.1 s → 8.4 s; disk used 1.31 GB → 1.31 GB.

### Packages

|  | name | `1.0` | `1.1` |
| --- | --- | --- | --- |
| added | `htop` |  | `3.2.2-2` |

### Services

|  | name | `1.0` | `1.1` |
| --- | --- | --- | --- |
| removed | `cron.service` | `enabled/active` |  |

### Measured

|  | `1.0` | `1.1` |
| --- | --- | --- |
| boot | 8.1 s | 8.4 s |
| disk used | 1.31 GB | 1.31 GB |

### Not compared

|  | version | why |
| --- | --- | --- |
| ports | `1.1` | `no ss` |
"""
    )


def test_what_an_instance_calls_things_is_no_markup() -> None:
    name = "<b>`x`|[y](z)\x1b[31m"
    after = dataclasses.replace(BEFORE, packages={**BEFORE.packages, name: "*1*"})
    page = markdown("web", VERSIONS, compared(after))
    assert "| added | `<b>'x'\\|[y](z) [31m` |  | `*1*` |" in page
    assert "1 package added (\\<b\\>\\`x\\`\\|\\[y\\](z) \\[31m)" in page
    told = [page, summary(NAMED, compared(after)), *lines(compared(after))]
    assert not any("\x1b" in one for one in told)
