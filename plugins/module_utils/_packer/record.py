# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
import typing as t

from .._ami.leftovers import Learned
from .._ami.processes import ProcessId, host_name, is_alive
from .state import read_json, state_directory, write_private


@dataclasses.dataclass
class RunRecord:
    """What a later run needs to clean up after this one, should it be killed."""

    run_id: str
    image: str
    region: str
    endpoint_url: str | None
    profile: str | None
    pid: int
    started: int
    host: str
    scratch: str
    learned: Learned = dataclasses.field(default_factory=Learned)
    # What was made, and the SSM parameters that name it, each with its C(region) and C(name).
    artifacts: list[str] = dataclasses.field(default_factory=list)
    parameters: list[dict[str, str]] = dataclasses.field(default_factory=list)
    # Whether all of that is complete: then it stays, whatever else is to be cleaned up.
    complete: bool = False
    # Without an endpoint or a profile, credentials from the environment look the same in each account.
    account: str | None = None
    # Whether it holds the lock that other machines see.
    locks: bool = False
    # The private key that was made for it.
    key_file: str | None = None
    # What was kept for a look, until somebody says that it may go: C(since), C(ssh) and C(resources).
    kept: dict[str, t.Any] | None = None

    @property
    def path(self) -> pathlib.Path:
        return runs_directory() / f"{self.run_id}.json"

    @property
    def regions(self) -> list[str]:
        """Each Region in which the run may have made something."""
        return list(dict.fromkeys([self.region, *self.learned.regions, *(one["region"] for one in self.parameters)]))

    def write(self) -> None:
        write_private(self.path, json.dumps(dataclasses.asdict(self), indent=2))

    def remove(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        if self.key_file:
            pathlib.Path(self.key_file).unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def is_dead(self) -> bool:
        return self.host == host_name() and not is_alive(ProcessId(self.pid, self.started))


def runs_directory() -> pathlib.Path:
    return state_directory() / "runs"


def _load(path: pathlib.Path) -> RunRecord | None:
    content = read_json(path)
    try:
        return RunRecord(**{**content, "learned": Learned(**content["learned"])})
    except (KeyError, TypeError):
        return None


def dead_runs(endpoint_url: str | None, profile: str | None, *, kept: bool = False) -> list[RunRecord]:
    """Records of runs that ended without cleaning up, in the cloud that this run works in; or of those that kept something."""
    directory = runs_directory()
    if not directory.is_dir():
        return []
    records: list[t.Any] = [_load(path) for path in sorted(directory.glob("*.json"))]
    return [
        record
        for record in records
        if record
        and (record.endpoint_url, record.profile) == (endpoint_url, profile)
        and bool(record.kept) == kept
        and record.is_dead()
    ]
