# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that rows are made of, recorded only where such rows will run: to record starts a cloud and a build.

pytest wants to know all rows before it leaves any out. So what a command line leaves out for certain is found out before,
by what a row could be called at all; then one call stands for those that are not known.
"""

from __future__ import annotations

import collections.abc as c
import functools

import botocore.session
import pytest
from _pytest.mark.expression import Expression
from reliability.recording import Call, is_recorded, operations
from reliability.truth import CALLERS

# Each build makes it.
ALWAYS = Call("packer", "ec2:RunInstances")
_SERVICES = ("ec2", "ssm", "sts")


def calls_of_rows(metafunc: pytest.Metafunc, suffixes: c.Sequence[str] = ("",), *, writes: bool = False) -> list[Call]:
    """The calls to make rows of, whose ids are ``caller service:Operation`` and one of the suffixes."""
    config = metafunc.config
    if config.getoption("--one-per-class") or not _may_run(metafunc, suffixes):
        return [ALWAYS]
    if config.option.collectonly and not is_recorded():
        config.issue_config_time_warning(
            pytest.PytestWarning("one row stands for those of each call: a run records which calls a build makes"), 2
        )
        return [ALWAYS]
    return operations(writes=writes)


def _may_run(metafunc: pytest.Metafunc, suffixes: c.Sequence[str]) -> bool:
    """Whether ``-k`` lets through any row that there could be."""
    words = str(metafunc.config.option.keyword).strip()
    if not words:
        return True
    expression = Expression.compile(words)
    common = [node.name.lower() for node in metafunc.definition.listchain() if _is_named(node)]
    common += [mark.name.lower() for mark in metafunc.definition.iter_markers()]
    possible = (f"{call.caller} {call.operation}{suffix}".lower() for call in _possible() for suffix in suffixes)
    return any(
        expression.evaluate(lambda word, names=(*common, row): any(word.lower() in name for name in names))  # type: ignore[misc]
        for row in possible
    )


def _is_named(node: pytest.Item | pytest.Collector) -> bool:
    """``-k`` does not look at the names of the session and of the directory that it is in."""
    return not isinstance(node, pytest.Session) and not isinstance(node.parent, pytest.Session)


@functools.cache
def _possible() -> list[Call]:
    session = botocore.session.get_session()
    names = [f"{one}:{name}" for one in _SERVICES for name in session.get_service_model(one).operation_names]
    return [Call(caller, name) for caller in CALLERS for name in names]
