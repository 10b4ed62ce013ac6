# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sysprep finds and spares, on a machine that is a temporary directory; real machines are molecule's."""

from __future__ import annotations

import base64
import json
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

ROLE = Path(__file__).resolve().parents[4] / "roles" / "sysprep"
sys.path.insert(0, str(ROLE / "files"))

import golden_sysprep as sysprep
from golden_sysprep import Finding, Machine, Settings, Topic


def encoded(**settings: t.Any) -> str:
    return base64.b64encode(json.dumps(settings).encode()).decode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home" / "admin"
    home.mkdir(parents=True)
    return home


def machine(*homes: Path, local: bool = False, **settings: t.Any) -> Machine:
    return Machine(Settings(**settings), homes=list(homes), local=local)


def write(path: Path, content: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def found(find: t.Callable[[Machine], t.Iterator[Finding]], of: Machine) -> list[str]:
    return [str(finding) for finding in find(of)]


def test_settings_survive_what_old_ansible_makes_of_numbers() -> None:
    settings = Settings.parse(encoded(log_limit="10", cloud_init_timeout="5", skip=["tmp"], allow=["/a'b\"c"]))
    assert (settings.log_limit, settings.cloud_init_timeout) == (10, 5)
    assert (settings.skip, settings.allow) == (("tmp",), ("/a'b\"c",))
    assert Settings.parse(encoded()) == Settings()


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("/root", "/root", True),
        ("/root/.ssh", "/root", True),
        ("/root", "/root/.ssh", True),
        ("/rootless", "/root", False),
        ("/home/a", "/home/b", False),
    ],
)
def test_overlap_is_by_whole_names(one: str, other: str, both: bool) -> None:
    assert sysprep.overlaps(Path(one), Path(other)) is both


def test_this_very_run_is_spared(tmp_path: Path) -> None:
    of = machine()
    of.own = tmp_path / "ansible-tmp-1" / "golden_sysprep.py"
    write(of.own)
    assert of.spared(of.own)
    assert of.spared(of.own.parent)
    assert not of.spared(write(tmp_path / "ansible-tmp-2" / "golden_sysprep.py"))


def test_allowed_paths_are_globs(tmp_path: Path) -> None:
    of = machine(allow=(f"{tmp_path}/keep-*",))
    assert of.spared(tmp_path / "keep-me")
    assert not of.spared(tmp_path / "other")


def test_what_the_control_side_needs_is_spared_only_where_it_runs(tmp_path: Path) -> None:
    for local in (True, False):
        of = machine(local=local, keep_when_local=(f"{tmp_path}/.ssh",))
        assert of.spared(tmp_path / ".ssh" / "authorized_keys") is local
        assert not of.spared(tmp_path / ".aws")


def test_patterns_below_every_home(tmp_path: Path, home: Path) -> None:
    odd = tmp_path / "home" / "o[d]d"
    for path in (home / ".bash_history", home / ".ssh" / "id_ed25519", odd / ".aws" / "credentials"):
        write(path)
    write(home / ".ssh" / "config")
    (home / ".docker").symlink_to(tmp_path / "gone")
    find = sysprep.chain(sysprep.in_homes(*sysprep.HISTORIES), sysprep.in_homes(*sysprep.CREDENTIALS))
    assert found(find, machine(home, odd)) == [
        f"{home}/.bash_history",
        f"{home}/.docker",
        f"{home}/.ssh/id_ed25519",
        f"{odd}/.aws",
    ]


@pytest.mark.parametrize("name", ["syslog.1", "dpkg.log.2.gz", "messages-20261121", "auth.log.old", "x.zst"])
def test_rotated_logs_go(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, "")
    (finding,) = sysprep.judge_log(machine(), path)
    assert (finding.what, finding.live) == ("rotated log", False)
    sysprep.mend_log(finding)
    assert not path.exists()


def test_logs_are_emptied_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "dpkg.log", "12345")
    monkeypatch.setattr(sysprep, "is_live_log", lambda _path: False)
    (finding,) = sysprep.judge_log(machine(), path)
    assert str(finding) == f"{path} (log of 5 bytes)"
    sysprep.mend_log(finding)
    assert path.read_text() == ""
    assert not list(sysprep.judge_log(machine(), path))
    assert not list(sysprep.judge_log(machine(), tmp_path / "gone"))


@pytest.mark.parametrize(("limit", "live"), [(100_000, True), (100, False)])
def test_a_living_log_counts_above_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, live: bool
) -> None:
    monkeypatch.setattr(sysprep, "is_live_log", lambda _path: True)
    path = write(tmp_path / "wtmp", "x" * 8192)
    (finding,) = sysprep.judge_log(machine(log_limit=limit), path)
    assert finding.live is live


@pytest.mark.parametrize(
    ("path", "live"),
    [
        ("/var/log/wtmp", True),
        ("/var/log/audit/audit.log", True),
        ("/var/lib/wtmpdb/wtmp.db", True),
        ("/var/log/nginx/wtmp", False),
        ("/var/log/nginx/access.log", False),
    ],
)
def test_which_logs_live(path: str, live: bool) -> None:
    assert sysprep.is_live_log(Path(path)) is live


SECRETS = {
    # In pieces, so that no scanner takes this file for a leak.
    "private_key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3Bl\n",
    "aws_key": "key = AKIA" + "ABCDEFGH12345678\n",
    "token": "ghp_" + "a1" * 18 + "\n",
}


@pytest.mark.parametrize("what", SECRETS)
def test_secrets_in_a_file(tmp_path: Path, what: str) -> None:
    assert list(sysprep.secrets_in(write(tmp_path / "notes", f"# notes\n{SECRETS[what]}"))) == [what]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "-----BEGIN PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\n",
        "how to write -----BEGIN " + "PRIVATE KEY-----",
        "AKIAIOSFODNN7EXAMPLE",
        "XAKIA" + "ABCDEFGH12345678",
        SECRETS["private_key"] + "x" * sysprep.SCAN_LIMIT,
    ],
)
def test_no_secrets_in_a_file(tmp_path: Path, content: str) -> None:
    assert not list(sysprep.secrets_in(write(tmp_path / "notes", content)))


def test_secrets_behind_links_are_looked_at_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(write(tmp_path / "key", SECRETS["private_key"]))
    assert not list(sysprep.secrets_in(tmp_path / "link"))
    assert not list(sysprep.secrets_in(tmp_path))


def test_ansible_in_homes_but_not_of_this_run(home: Path) -> None:
    write(home / ".ansible" / "tmp" / "ansible-tmp-old" / "x")
    write(home / ".ansible" / "cp" / "x")
    write(home / ".ansible_async" / "7.1")
    of = machine(home)
    of.own = write(home / ".ansible" / "tmp" / "ansible-tmp-now" / "golden_sysprep.py")
    assert found(sysprep.find_ansible, of) == [
        f"{home}/.ansible/cp",
        f"{home}/.ansible/tmp/ansible-tmp-old",
        f"{home}/.ansible_async/7.1",
    ]
    of.local = True
    assert not found(sysprep.find_ansible, of)


def test_remove_takes_links_not_what_they_point_to(tmp_path: Path) -> None:
    kept = write(tmp_path / "kept" / "file")
    link, tree = tmp_path / "link", tmp_path / "tree"
    link.symlink_to(kept.parent)
    write(tree / "deep" / "file")
    for path in (link, tree, tmp_path / "gone"):
        sysprep.remove(Finding(str(path)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]
    assert kept.exists()


def test_empty_directories_go_but_for_seeds(tmp_path: Path) -> None:
    for name in ("instances/i-1/sem", "seed/nocloud", "full"):
        (tmp_path / name).mkdir(parents=True)
    write(tmp_path / "full" / "file")
    sysprep.prune_directories(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "seed"]
    assert (tmp_path / "seed" / "nocloud").is_dir()


@pytest.fixture
def topics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two topics of the real kind and none that looks at this machine."""

    def live(_machine: Machine) -> t.Iterator[Finding]:
        yield Finding(str(tmp_path / "alive"), "grows", live=True)

    pair = (
        Topic("mail", sysprep.paths(f"{tmp_path}/mail/*"), sysprep.remove),
        Topic("logs", live, lambda _finding: None),
    )
    monkeypatch.setattr(sysprep, "TOPICS", pair)
    monkeypatch.setattr(sysprep, "SCAN_TOPICS", ())
    for name in ("admin", "root"):
        write(tmp_path / "mail" / name)
    return tmp_path


def test_clean_and_check_agree(topics: Path) -> None:
    of = machine(skip=("cloud_init",))
    expected = [f"mail: {topics}/mail/admin", f"mail: {topics}/mail/root"]
    assert sysprep.check(of) == expected
    assert sysprep.clean(of, dry_run=True) == expected
    assert sysprep.check(of) == expected, "a dry run removes nothing"
    assert sysprep.clean(of, dry_run=False) == expected
    assert sysprep.check(of) == []
    assert sysprep.clean(of, dry_run=False) == [], "what fills again by itself is no change"


@pytest.mark.parametrize(
    "settings", [{"skip": ("mail", "cloud_init")}, {"skip": ("cloud_init",), "allow": ("*/mail/*",)}]
)
def test_what_is_skipped_or_allowed_is_neither_removed_nor_told(topics: Path, settings: dict[str, t.Any]) -> None:
    of = machine(**settings)
    assert sysprep.check(of) == []
    assert sysprep.clean(of, dry_run=False) == []
    assert (topics / "mail" / "root").exists()


def test_summary_counts_in_the_order_of_the_work() -> None:
    assert sysprep.summary(["tmp: /tmp/a", "logs: /var/log/b (x: y)", "tmp: /tmp/c"]) == "tmp 2, logs 1"
    assert sysprep.summary([]) == ""


def hook(path: Path, script: str) -> Path:
    write(path, f"#!/bin/sh\n{script}\n").chmod(0o755)
    return path


def test_hooks_of_other_roles(tmp_path: Path) -> None:
    said = hook(tmp_path / "a", '[ "$1" != status ] || echo /state')
    broken = hook(tmp_path / "b", 'echo "no $1 today" >&2; exit 1')
    hook(tmp_path / "c", ":")
    of = machine(hooks=str(tmp_path))
    assert found(sysprep.find_hooks, of) == [f"{said} (/state)", f"{broken} (status failed: no status today)"]
    sysprep.mend_hook(Finding(str(said)))
    with pytest.raises(SystemExit, match="b reset failed with 1: no reset today"):
        sysprep.mend_hook(Finding(str(broken)))


def test_keys_of_the_session_go_last() -> None:
    assert [topic.name for topic in sysprep.TOPICS][-2:] == ["authorized_keys", "host_keys"]
    assert sysprep.TOPICS[0].name == "hooks", "they may need what the others remove"


UBUNTU = {
    "/var/lib/ubuntu-advantage/private/machine-token.json": "ubuntu_pro",
    "/var/lib/ubuntu-advantage/machine-token.json": "ubuntu_pro",
    "/etc/apt/auth.conf.d/90ubuntu-advantage": "ubuntu_pro",
    "/etc/apt/sources.list.d/ubuntu-esm-infra.list": "ubuntu_pro",
    "/etc/apt/sources.list.d/ubuntu-esm-apps.sources": "ubuntu_pro",
    "/var/lib/landscape/client/broker.bpickle": "agents",
    "/var/lib/whoopsie/whoopsie-id": "agents",
}


def test_what_ubuntu_keeps_of_one_machine_is_removed_and_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = sysprep.matching
    monkeypatch.setattr(sysprep, "matching", lambda *patterns: below(*(f"{tmp_path}{pattern}" for pattern in patterns)))
    monkeypatch.setattr(
        sysprep, "TOPICS", tuple(topic for topic in sysprep.TOPICS if topic.name in {"agents", "ubuntu_pro"})
    )
    monkeypatch.setattr(sysprep, "SCAN_TOPICS", ())
    for name in UBUNTU:
        write(tmp_path / name.lstrip("/"))
    kept = write(tmp_path / "etc/apt/sources.list.d/ubuntu.sources")
    of = machine(skip=("cloud_init",))
    planted = {f"{topic}: {tmp_path}{name}" for name, topic in UBUNTU.items()}
    assert set(sysprep.check(of)) == planted
    assert set(sysprep.clean(of, dry_run=True)) == planted
    assert set(sysprep.clean(of, dry_run=False)) == planted
    assert sysprep.check(of) == []
    assert kept.exists()


def test_names_that_can_be_skipped_are_those_that_there_are() -> None:
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())
    names = [topic.name for topic in sysprep.TOPICS] + [name for name, _find in sysprep.SCAN_TOPICS]
    assert sorted(specs["argument_specs"]["main"]["options"]["sysprep_skip"]["choices"]) == sorted(names)
