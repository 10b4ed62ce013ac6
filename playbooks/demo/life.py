# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the whole life of an AMI, by the playbooks that a user runs, on a local cloud of its own; removes all of it at the end.

Each step prints what one would type, and of what the playbook prints only its last word. When a step fails all of it is
shown, and what was made is removed all the same.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
IMAGE = ["-e", "image=demo", "-e", '{"image_directories": ["playbooks/demo/images"]}']


class Failed(Exception):
    """A step that should have worked did not, or the other way round."""


def environment(home: str) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    own = {"GOLDEN_CLOUD_NAME": "demo", "GOLDEN_CLOUD_PORT": port, "XDG_STATE_HOME": home, "ANSIBLE_NOCOLOR": "1"}
    return {**os.environ, **own}


def last_word(output: str) -> str:
    """The last text that a play printed, without what is around it."""
    found = re.findall(r"^    msg: ?(.*(?:\n(?: {4,}|    - ).*)*)", output, re.MULTILINE)
    text = found[-1] if found else output
    return "\n".join(line.strip() for line in text.splitlines() if line.strip() not in ("", "|-"))


class Life:
    """The steps, one after the other."""

    def __init__(self, own: dict[str, str]) -> None:
        self._own = own
        self._number = 0

    def step(self, why: str, playbook: str, *arguments: str, refused: bool = False) -> str:
        """Run a playbook, and show its last word."""
        self._number += 1
        shown = shlex.join(arguments)
        print(
            f"\n== {self._number}. {why}\n$ ansible-playbook playbooks/{playbook} -e image=demo {shown}".rstrip(),
            flush=True,
        )
        began = time.monotonic()
        done = self.run(playbook, *IMAGE, *arguments)
        if (done.returncode != 0) != refused:
            print(done.stdout)
            raise Failed(f"step {self._number} {'worked' if refused else 'failed'}")
        said = last_word(done.stdout)
        print(f"{said}\n   ({time.monotonic() - began:.0f} s)", flush=True)
        return said

    def run(self, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ansible-playbook", f"playbooks/{playbook}", *arguments],
            cwd=CHECKOUT,
            env=self._own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def version_of(said: str) -> str:
    found = re.findall(r"promoted to (\d+)", said)
    if not found:
        raise Failed("no version was promoted")
    return str(found[-1])


def live(life: Life) -> None:
    life.step("Build a version", "build_ami.yml")
    life.step("Give it to two more Regions and a second account", "distribute_ami.yml")
    life.step(
        "Nobody may have it in production before it was in dev", "promote_ami.yml", "-e", "channel=prod", refused=True
    )
    life.step("Promote it to dev", "promote_ami.yml", "-e", "channel=dev")
    life.step("Promote to prod what is in dev", "promote_ami.yml", "-e", "channel=prod", "-e", "from_channel=dev")
    life.step("A consumer boots what prod names", "consume_ami.yml", "-e", "channel=prod")
    second = '{"golden_variables": {"greeting": "the second version"}}'
    life.step("Something changes: build another version", "build_ami.yml", "-e", second)
    life.step("Give it to all places", "distribute_ami.yml")
    life.step("Promote it to dev", "promote_ami.yml", "-e", "channel=dev")
    bad = version_of(life.step("And to prod", "promote_ami.yml", "-e", "channel=prod", "-e", "from_channel=dev"))
    life.step("It is no good: prod goes back", "rollback_ami.yml", "-e", "channel=prod")
    revoke = ["revoke_ami.yml", "-e", f"version={bad}", "-e", "reason=CVE-2026-0001"]
    life.step("What would be touched if it were revoked", *revoke, "--check")
    life.step("Revoke it", *revoke)
    life.step("The consumer still boots what prod names", "consume_ami.yml", "-e", "channel=prod")
    life.step("Retire what nobody needs, with the reasons", "prune_amis.yml")


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="golden-demo-") as home:
        life = Life(environment(home))
        try:
            live(life)
            rc = 0
        except Failed as failed:
            print(f"The demonstration ends early: {failed}.", file=sys.stderr)
            rc = 1
        finally:
            gone = life.run("local_cloud.yml", "-e", "local_cloud_state=reset")
        if gone.returncode:
            print(gone.stdout)
            return 1
    print(
        f"\nThat was a whole life, in {time.monotonic() - began:.0f} s. The local cloud and all that was made is gone."
    )
    return rc


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
