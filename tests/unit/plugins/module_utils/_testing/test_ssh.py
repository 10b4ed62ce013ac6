# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SSH is told everything by a file of the run's own, and what goes to an instance is for root alone."""

from __future__ import annotations

import io
import tarfile
import typing as t
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._testing.commands import Ended
from ansible_collections.golden.ami.plugins.module_utils._testing.ssh import (
    Connection,
    Way,
    configuration,
    packed,
    proxy_of,
)

if t.TYPE_CHECKING:
    from .conftest import Programs

WAY = Way("192.0.2.7", "admin", Path("/keys/one two"))


def options(text: str) -> dict[str, str]:
    return dict(line.strip().split(" ", 1) for line in text.splitlines() if line.strip())


def test_nothing_of_the_users_own_configuration_matters() -> None:
    told = options(configuration(WAY, Path("/tmp/x")))
    assert told["Host"] == "default"
    assert (told["HostName"], told["User"], told["Port"]) == ("192.0.2.7", "admin", "22")
    assert told["IdentityFile"] == '"/keys/one two"'
    assert (told["IdentitiesOnly"], told["BatchMode"], told["GlobalKnownHostsFile"]) == ("yes", "yes", "none")
    # The key of an instance may be new, but never another one.
    assert (told["StrictHostKeyChecking"], told["UserKnownHostsFile"]) == ("accept-new", '"/tmp/x/known_hosts"')
    assert "ProxyCommand" not in told


def test_a_socket_whose_path_is_too_long_is_not_tried() -> None:
    assert options(configuration(WAY, Path("/tmp/x")))["ControlMaster"] == "auto"
    assert options(configuration(WAY, Path("/" + "x" * 90)))["ControlMaster"] == "no"


def test_session_manager_is_a_proxy() -> None:
    assert proxy_of("public_ip", "eu-west-1") is None
    proxy = proxy_of("session_manager", "eu-west-1")
    told = options(configuration(Way("i-1", "admin", Path("/key"), proxy), Path("/tmp/x")))
    assert told["HostName"] == "i-1"
    assert told["ProxyCommand"].startswith("aws ssm start-session --target %h ")
    assert told["ProxyCommand"].endswith("portNumber=%p --region eu-west-1")


def test_what_is_brought_is_brought_once(connection: Connection, programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "goss").write_bytes(b"program")
    files: dict[str, Path | bytes] = {"goss": tmp_path / "goss", "text": b"words"}
    assert connection.upload("tools", files, timeout=5) is not None
    assert connection.upload("tools", files, timeout=5) is None
    assert connection.upload("more", {"x": b"y"}, timeout=5) is not None
    assert len(programs.fed) == 2
    assert programs.seen[0][:4] == ["ssh", "-F", str(connection.config), "default"]
    assert "umask 077" in programs.seen[0][4]
    assert "/usr/local/lib/golden-test/tools" in programs.seen[0][4]


def test_what_could_not_be_brought_is_tried_again(connection: Connection, programs: Programs) -> None:
    programs.answer = lambda _argv: Ended(1, ("disk full",), 0.1)
    for _time in range(2):
        done = connection.upload("tools", {"x": b"y"}, timeout=5)
        assert done is not None
        assert done.code == 1


def test_an_archive_is_roots_own(tmp_path: Path) -> None:
    root = tmp_path / "tests"
    (root / "__pycache__").mkdir(parents=True)
    (root / "__pycache__" / "x.pyc").write_text("x")
    (root / "goss.yaml").write_text("file: {}")
    (root / "run.sh").write_text("#!/bin/sh")
    (root / "run.sh").chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO(packed({"suite": root, "variables.json": b"{}"}))) as archive:
        found = {one.name: (one.mode, one.uid, one.uname) for one in archive}
    assert found == {
        "suite": (0o700, 0, "root"),
        "suite/goss.yaml": (0o600, 0, "root"),
        "suite/run.sh": (0o700, 0, "root"),
        "variables.json": (0o600, 0, ""),
    }


def test_what_was_taken_away_is_brought_again(connection: Connection, programs: Programs) -> None:
    connection.upload("tools", {"x": b"y"}, timeout=5)
    connection.remove(timeout=5)
    assert programs.seen[-1][-1] == "sudo -n rm -rf /usr/local/lib/golden-test"
    assert connection.upload("tools", {"x": b"y"}, timeout=5) is not None
