# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suites of a definition that run on the builder: which can, and the files by which they decide about a build.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import collections.abc as c
import pathlib
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._testing.names import BUILDER, BUILDER_ENGINES
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _files
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import (
    DefinitionError,
    Path,
    Problem,
    Source,
    dotted,
)

Suite = dict[str, t.Any]


def of_builder(tests: c.Mapping[str, t.Any]) -> list[Suite]:
    """The suites that run on the builder, before there is an AMI."""
    return [suite for suite in tests["suites"] if BUILDER in suite["run_on"]]


def refuse(tests: c.Mapping[str, t.Any], source: Source, template: str | None, *, sysprep: bool) -> None:
    """Raise DefinitionError for suites that could not run on the builder.

    They run at the start of the role golden.ami.sysprep; C(sysprep) is whether the image has it.
    """
    problems = []
    for index, suite in enumerate(tests["suites"]):
        key: Path = ("tests", "suites", index, "run_on")
        if BUILDER not in suite["run_on"]:
            continue
        if template:
            told = "does not go with template: call the module golden.ami.machine_test in a playbook of your template's own"
        elif suite["engine"] not in BUILDER_ENGINES:
            told = f"{suite['engine']} does not run on the builder: {', '.join(BUILDER_ENGINES)} do"
        elif not sysprep:
            told = (
                "suites on the builder run at the start of the role golden.ami.sysprep, which this playbook does not name."
                " Make it the last role"
            )
        else:
            continue
        problems.append(Problem(source.file, source.line_of(key), dotted(key), told))
    if problems:
        raise DefinitionError(problems)


def content(tests: c.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """The parts of a fingerprint that suites on the builder are: they decide whether there is an AMI.

    What lies beside a suite is at hand for it, so it counts as well; other suites don't, but on the builder.
    """
    return {f"test {suite['name']}": _files_of(suite, tests["suites"]) for suite in of_builder(tests)}


def _files_of(suite: Suite, suites: c.Sequence[Suite]) -> list[str]:
    path = pathlib.Path(suite["path"])
    if path.is_dir():
        return [str(path)]
    apart = [pathlib.Path(one["path"]) for one in suites if one["path"] != suite["path"]]
    return list(dict.fromkeys([str(path), *_files.files_beside(path.parent, [path, *apart])]))
