# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a definition says of the tests of its AMIs: each suite has its name and where it runs.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import collections.abc as c
import pathlib
import re
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._testing.names import NAME, OWN_NAMES
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import (
    DefinitionError,
    Path,
    Problem,
    Source,
    dotted,
)


def complete(tests: dict[str, t.Any], source: Source, *, has_playbook: bool) -> None:
    """Give every suite its name and where it runs. Raises DefinitionError with all that cannot be meant."""
    for suite in tests["suites"]:
        suite.setdefault("name", pathlib.PurePath(suite["path"]).stem)
        suite.setdefault("run_on", ["instance"])
    problems = [
        Problem(source.file, source.line_of(key), dotted(key), message)
        for key, message in [*_names(tests["suites"]), *_check_mode(tests, has_playbook)]
    ]
    if problems:
        raise DefinitionError(problems)


def _names(suites: c.Sequence[dict[str, t.Any]]) -> c.Iterator[tuple[Path, str]]:
    seen: dict[str, str] = {}
    for index, suite in enumerate(suites):
        name, key = suite["name"], ("tests", "suites", index)
        if not re.fullmatch(NAME, name) or name in OWN_NAMES:
            yield key, f"{name!r} can't be what the suite is called in reports. Say name"
        if name in seen:
            yield key, f"{seen[name]} and {suite['path']} are both called {name}: give one of them a name"
        seen.setdefault(name, suite["path"])


def _check_mode(tests: dict[str, t.Any], has_playbook: bool) -> c.Iterator[tuple[Path, str]]:
    if tests["check_mode"] and not has_playbook:
        yield (
            ("tests", "check_mode"),
            "goes with provision only: which playbook made the image only the template knows. Add a suite of the engine ansible",
        )
