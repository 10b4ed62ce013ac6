# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance printed, as it is: recorded on Debian 12, and shortened."""

from __future__ import annotations

import pytest
from ansible_collections.golden.ami.plugins.module_utils._inside.contents import Port, User
from ansible_collections.golden.ami.plugins.module_utils._inside.parsing import NotContents, parse
from hypothesis import given
from hypothesis import strategies as st

# A blank at the end of a line, which these programs print, is a middle dot here.
RECORDED = """\
@golden packages-dpkg
ii \tbash\t5.2.15-2+b13
rc \tcron\t3.0pl1-162
hi \tnginx-light\t1.22.1-9
iF \tlibc6:amd64\t2.36-9+deb12u9

@golden end packages-dpkg 0·
@golden unit-files
autovt@.service                        alias           -
avahi-daemon.service                   enabled         enabled
cloud-init.service                     enabled         enabled
getty@.service                         enabled         enabled
ssh.socket                             disabled        enabled
systemd-hostnamed.service              static          -
@golden end unit-files 0·
@golden units
BusName=org.freedesktop.Avahi
Id=avahi-daemon.service
TriggeredBy=
ActiveState=active
SubState=running
UnitFileState=enabled

Id=apt-daily.timer
TriggeredBy=
ActiveState=active
SubState=waiting
UnitFileState=enabled

BusName=
Id=cloud-init.service
TriggeredBy=
ActiveState=failed
SubState=failed
UnitFileState=enabled

@golden end units 0·
@golden boot
UserspaceTimestampMonotonic=66904236536
FinishTimestampMonotonic=66911257760
Container=yes

@golden end boot 0·
@golden ports
Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess                        ·
udp   UNCONN 0      0            0.0.0.0:36204      0.0.0.0:*                                  ·
udp   UNCONN 0      0               [::]:57457         [::]:*                                  ·
udp   UNCONN 0      0      10.0.2.15%eth0:68        0.0.0.0:*    users:(("systemd-network",pid=4,fd=5))
udp   UNCONN 0      0     [fe80::1]%eth0:546           [::]:*
tcp   LISTEN 0      511          0.0.0.0:80         0.0.0.0:*    users:(("nginx",pid=1189,fd=5),("nginx",pid=1188,fd=5))
tcp   LISTEN 0      128          0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=83,fd=3),("systemd",pid=1,fd=70))
tcp   LISTEN 0      80         127.0.0.1:3306       0.0.0.0:*                                  ·
tcp   LISTEN 0      511             [::]:80            [::]:*    users:(("nginx",pid=1189,fd=6))
tcp   LISTEN 0      511    [::ffff:127.0.0.1]:8080        *:*
tcp   LISTEN 0      511                *:9090             *:*
tcp   LISTEN 0      70             [::1]:33060         [::]:*

@golden end ports 0·
@golden port-range
32768\t60999

@golden end port-range 0·
@golden users
root:x:0:0:root:/root:/bin/bash
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
admin:x:1000:1000:Debian:/home/admin:

@golden end users 0·
@golden disk-counted
521332\t/

@golden end disk-counted 0·
@golden kernel
6.1.0-28-cloud-amd64 x86_64

@golden end kernel 0·
@golden os
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
ID=debian

@golden end os 0·
@golden that is all
""".replace("·", " ")


def but(part: str, *lines: str, status: int = 0, said: str = "", name: str | None = None) -> str:
    """The recorded text with another part in place of one, or without it when it has no name."""
    start, end = RECORDED.index(f"@golden {part}\n"), RECORDED.index(f"@golden end {part} ")
    rest = RECORDED[RECORDED.index("\n", end) + 1 :]
    if name == "":
        return RECORDED[:start] + rest
    told = name or part
    text = "".join(f"{line}\n" for line in (f"@golden {told}", *lines, f"@golden end {told} {status} {said}"))
    return RECORDED[:start] + text + rest


def test_what_was_recorded() -> None:
    found = parse(RECORDED)
    assert found.unread == {}
    # What was removed but for its settings is not there; what is held, or half set up, is.
    assert found.packages == {
        "bash": "5.2.15-2+b13",
        "libc6:amd64": "2.36-9+deb12u9",
        "nginx-light": "1.22.1-9",
    }
    assert found.services == {
        "apt-daily.timer": "enabled/active",
        "avahi-daemon.service": "enabled/active",
        "cloud-init.service": "enabled/failed",
        "ssh.socket": "disabled/inactive",
    }
    assert found.ports == (
        Port("tcp", "any", 22, "sshd,systemd"),
        Port("tcp", "any", 80, "nginx"),
        Port("tcp", "loopback", 3306, ""),
        Port("tcp", "loopback", 8080, ""),
        Port("tcp", "any", 9090, ""),
        Port("tcp", "loopback", 33060, ""),
        Port("udp", "any", None, ""),
        Port("udp", "one", 68, "systemd-network"),
        Port("udp", "one", 546, ""),
    )
    assert found.users == {
        "root": User(0, "/bin/bash"),
        "_apt": User(42, "/usr/sbin/nologin"),
        "admin": User(1000, ""),
    }
    assert found.os == {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}
    assert found.kernel == "6.1.0-28-cloud-amd64 x86_64"
    assert (found.boot_seconds, found.disk_bytes) == (7.0, 521332 * 1024)


@pytest.mark.parametrize(
    ("name", "lines", "packages"),
    [
        (
            "packages-rpm",
            ["kernel\t0:6.1-2", "kernel\t0:6.1-1", "bash\t1:5.2-1.el9", "bash\t1:5.2-1.el9"],
            {"bash": "1:5.2-1.el9", "kernel": "6.1-1, 6.1-2"},
        ),
        (
            "packages-apk",
            ["C:Q1=", "P:musl", "V:1.2.4-r2", "A:x86_64", "", "P:zlib", "V:1.3-r0"],
            {"musl": "1.2.4-r2", "zlib": "1.3-r0"},
        ),
        ("packages-pacman", ["bash 5.2-1"], {"bash": "5.2-1"}),
    ],
)
def test_packages_of_other_systems(name: str, lines: list[str], packages: dict[str, str]) -> None:
    assert parse(but("packages-dpkg", *lines, name=name)).packages == packages


def test_the_boot_and_the_disk_of_a_machine() -> None:
    """Its clock runs since its kernel started; a container's since that of its host did."""
    lines = ["UserspaceTimestampMonotonic=2000000", "FinishTimestampMonotonic=9640000"]
    assert parse(but("boot", *lines)).boot_seconds == 9.6
    lines = ["Filesystem     1024-blocks     Used Available Capacity Mounted on", "/dev/sda1 264 22 73 24% /"]
    assert parse(but("disk-counted", *lines, name="disk")).disk_bytes == 22 * 1024


@pytest.mark.parametrize(
    ("text", "part", "reason"),
    [
        (but("packages-dpkg", status=2, said="dpkg-query: error: no"), "packages", "dpkg-query: error: no"),
        (but("packages-dpkg", name=""), "packages", "nothing told of packages"),
        (but("packages-dpkg"), "packages", "no package was told of"),
        (but("packages-dpkg", "?", name="packages-other"), "packages", "packages-other is not known"),
        (but("packages-dpkg", "ii bash 5.2"), "packages", "this line says nothing: ii bash 5.2"),
        (but("packages-dpkg", "P:musl", name="packages-apk"), "packages", "apk has names without versions"),
        (but("units", status=1, said="Failed to connect to bus"), "services", "Failed to connect to bus"),
        (but("ports", status=127), "ports", "what was to tell of ports ended with 127"),
        (but("ports", "tcp LISTEN 0 5 0.0.0.0:http 0.0.0.0:*"), "ports", "this is no number: 'http'"),
        (but("ports", "tcp LISTEN"), "ports", "this line says nothing: tcp LISTEN"),
        (but("users", "root:x:0"), "users", "this line says nothing: root:x:0"),
        (but("boot", "FinishTimestampMonotonic=0"), "boot_seconds", "it has not ended its boot"),
        (but("disk-counted", name="disk"), "disk_bytes", "this line says nothing: "),
        (but("disk-counted"), "disk_bytes", "this is no number: ''"),
        (but("os", name=""), "os", "nothing told of os"),
        (but("kernel", status=1), "kernel", "what was to tell of kernel ended with 1"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_is_there(text: str, part: str, reason: str) -> None:
    found = parse(text)
    assert found.unread == {part: reason}
    assert not getattr(found, part)
    assert len({"packages", "services", "ports", "users", "os"} - found.unread.keys()) >= 4


@pytest.mark.parametrize("lines", [0, 1, 40, len(RECORDED.splitlines()) - 1])
def test_what_was_cut_off_is_refused(lines: int) -> None:
    text = "".join(RECORDED.splitlines(keepends=True)[:lines])
    with pytest.raises(NotContents, match="was not told to the end; the last of it is: "):
        parse(text)


def test_a_login_message_before_it_does_not_matter() -> None:
    assert parse(f"Welcome!\n@golden what\n{RECORDED}") == parse(RECORDED)


def test_a_terminal_between_does_not_matter() -> None:
    assert parse(RECORDED.replace("\n", "\r\n")) == parse(RECORDED)


def test_only_a_newline_ends_a_line() -> None:
    users = ["root:x:0:0:a\u2028b\x0bc\x85:/root:/bin/sh"]
    assert parse(but("users", *users)).users == {"root": User(0, "/bin/sh")}


@given(st.lists(st.sampled_from(RECORDED.splitlines()) | st.text(max_size=30), max_size=40))
def test_whatever_an_instance_prints_it_is_read_or_refused(lines: list[str]) -> None:
    parse("\n".join([*lines, "@golden that is all"]))
