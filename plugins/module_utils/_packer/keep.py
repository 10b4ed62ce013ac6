# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import pathlib
import subprocess
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import ansible_dict_to_boto3_tag_list

from .._ami import calls
from .._ami.cloud import Cloud
from .advice import sweep_removes_it
from .errors import PackerError
from .login import Login
from .record import RunRecord
from .room import tolerated
from .state import make_private, state_directory

# What somebody needs to look at a failed build. AMIs and snapshots of other builders in it are not among that.
KEPT = frozenset({"instance", "security-group", "volume", "key-pair", "spot-instances-request"})


# Templates get these always; empty, they use a key of Packer's.
NO_KEY = {"golden_keypair_name": "", "golden_private_key_file": ""}


@dataclasses.dataclass(frozen=True)
class KeyPair:
    """A key pair of a run's own, whose private half is in a file that only its owner can read."""

    name: str
    pair_id: str
    private_key: pathlib.Path

    def variables(self) -> dict[str, str]:
        return {"golden_keypair_name": self.name, "golden_private_key_file": str(self.private_key)}


def key_path(run_id: str) -> pathlib.Path:
    return state_directory() / "keys" / run_id


def make_key_pair(cloud: Cloud, record: RunRecord, tags: dict[str, str]) -> KeyPair:
    """Make a key, and tell EC2 its public half. It is on record before it exists."""
    path = key_path(record.run_id)
    record.key_file = str(path)
    record.learned.key_pairs.append(record.run_id)
    record.write()
    make_private(path.parent)
    public = path.with_name(f"{path.name}.pub")
    try:
        _generate(path, record.run_id)
        material = public.read_bytes()
    finally:
        public.unlink(missing_ok=True)
    pair_id = calls.import_key_pair(cloud.ec2(), record.run_id, material, ansible_dict_to_boto3_tag_list(tags))
    return KeyPair(record.run_id, pair_id, path)


def _generate(path: pathlib.Path, comment: str) -> None:
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
    try:
        # pylint: disable-next=ansible-bad-function  # AnsibleModule is not known here: only main() exits
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise PackerError("on_error=keep needs ssh-keygen, of OpenSSH's client. Install it.") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise PackerError(f"ssh-keygen could not make the key {path}: {said}. Nothing was launched.")


def keep(cloud: Cloud, record: RunRecord, kept: list[dict[str, str]], login: Login) -> str:
    """Mark a run as kept, and say how to log in; empty when its instance does not know the key.

    The mark comes first: whatever happens to the question for the instance, the next build leaves it alone.
    """
    _mark(record, kept, "")
    ids = [one["id"] for one in kept if one["type"] == "instance" and one["region"] == record.region]
    instances = calls.describe_instances(cloud.ec2(record.region), ids) if ids else []
    ssh = "\n".join(line for instance in instances if (line := _ssh(instance, record, login)))
    if ssh:
        _mark(record, kept, ssh)
    return ssh


def _mark(record: RunRecord, kept: list[dict[str, str]], ssh: str) -> None:
    since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    record.kept = {"since": since, "ssh": ssh, "resources": kept}
    with tolerated("The next build removes what was kept, for that it was kept could not be written down"):
        record.write()


def _ssh(instance: dict[str, t.Any], record: RunRecord, login: Login) -> str:
    if instance.get("KeyName") != record.run_id or not record.key_file:
        return ""
    port = f" -p {login.port}" if login.port not in (None, "22") else ""
    options = f"-i {record.key_file} -o StrictHostKeyChecking=accept-new{port}"
    return f"ssh {options} {login.user or 'USER'}@{_address(instance, login)}"


def _address(instance: dict[str, t.Any], login: Login) -> str:
    """The one that Packer used, where the template says which; else the public one, if there is one."""
    names = {"private_ip": "PrivateIpAddress", "public_dns": "PublicDnsName", "private_dns": "PrivateDnsName"}
    wanted = instance.get(names.get(login.interface or "", "PublicIpAddress"))
    return str(wanted or instance.get("PrivateIpAddress") or instance["InstanceId"])


def how_to_remove(image: str) -> str:
    return f"{sweep_removes_it(image, kept=True)}."


def notes(image: str, kept: c.Iterable[RunRecord]) -> list[str]:
    """What the next builds of an image say of what was kept for a look at it."""
    return [
        f"What the failed build {record.run_id} of {image} kept for a look on {(record.kept or {}).get('since', '')} is"
        f" still on record, and costs money: {how_to_remove(image)}"
        for record in kept
        if record.image == image
    ]
