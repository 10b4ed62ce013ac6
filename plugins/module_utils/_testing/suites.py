# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The suites of an image: their files, what they are called, and the digest by which a change in them is seen."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import pathlib
import re
import typing as t

from .._packer.fingerprint import digest, part_of_files
from .errors import TestError
from .names import BUILDER, CHECK_MODE, ENGINES, INSTANCE, NAME, OWN_NAMES, READY

ARGUMENT_SPEC: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "engine": {"type": "str", "choices": list(ENGINES), "required": True},
        "path": {"type": "path", "required": True},
        "run_on": {"type": "list", "elements": "str", "choices": [INSTANCE, BUILDER], "default": [INSTANCE]},
        "name": {"type": "str"},
    },
}


@dataclasses.dataclass(frozen=True)
class Suite:
    """A file or a directory of tests, and what runs them."""

    name: str
    engine: str
    path: pathlib.Path

    @property
    def root(self) -> pathlib.Path:
        """The directory that is all of the suite: what a file needs lies beside it."""
        return self.path if self.path.is_dir() else self.path.parent


def read_suites(given: c.Sequence[c.Mapping[str, t.Any]]) -> tuple[Suite, ...]:
    """Those that run on an instance. Refuses a path that is not there, and a name that is no name or comes twice."""
    found: dict[str, Suite] = {}
    for one in given:
        path = pathlib.Path(one["path"]).absolute()
        name = one.get("name") or path.stem
        if not path.exists():
            raise TestError(f"suites: {name}: {path} does not exist. Nothing was launched.")
        if not re.fullmatch(NAME, name) or name in OWN_NAMES:
            raise TestError(
                f"suites: {name!r} cannot be the name of a suite: letters, digits, '.', '_' and '-', and neither {READY} nor"
                f" {CHECK_MODE}, which are reports of the module's own. Say name."
            )
        if name in found:
            raise TestError(f"suites: two are called {name} ({found[name].path} and {path}): give one of them a name.")
        if INSTANCE in (one.get("run_on") or [INSTANCE]):
            found[name] = Suite(name, one["engine"], path)
    return tuple(found.values())


def digest_of(suites: c.Sequence[Suite], more: c.Mapping[str, t.Any]) -> str:
    """One digest of the suites' files and of what else decides about what is tested."""
    files = {suite.root: part_of_files([suite.root]).digest for suite in suites}
    told = [[suite.name, suite.engine, str(suite.path.relative_to(suite.root)), files[suite.root]] for suite in suites]
    return digest({"suites": told, **more})
