# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module machine_test is asked, read once into typed values."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import pathlib
import re
import typing as t

from .._packer.secrets import looks_secret
from .errors import TestError
from .names import BUILDER_ENGINES
from .ssh import Way
from .suites import Suite, read_suites

ARGUMENT_SPEC: dict[str, t.Any] = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 22},
    "user": {"type": "str", "required": True},
    "private_key_file": {"type": "path", "required": True},
    "suites": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "engine": {"type": "str", "choices": list(BUILDER_ENGINES), "required": True},
            "path": {"type": "path", "required": True},
            "name": {"type": "str"},
        },
    },
    "name": {"type": "str", "default": "machine"},
    "variables": {"type": "dict", "default": {}},
    "roles_path": {"type": "list", "elements": "path", "default": []},
    "timeout": {"type": "int", "default": 600},
    "results_dir": {"type": "path", "required": True},
    "goss": {"type": "path", "default": "goss"},
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_LONGEST = 86400
_LAUNCHED = re.compile(r" ?Nothing was launched\.")


@dataclasses.dataclass(frozen=True)
class Options:
    """C(seconds) is what each suite may take; C(secrets) are the names of variables that must not be seen."""

    way: Way
    suites: tuple[Suite, ...]
    name: str
    variables: dict[str, t.Any]
    secrets: tuple[str, ...]
    roles_path: tuple[str, ...]
    seconds: float
    results: pathlib.Path
    goss: str


def without_launch(text: str) -> str:
    """The words of a refusal: here nothing would be launched."""
    return _LAUNCHED.sub("", text)


def read_options(params: c.Mapping[str, t.Any]) -> Options:
    """The options, once all of them can be meant. Raises TestError."""
    if not params["suites"]:
        raise TestError("suites: none is named, so nothing would be tested: name at least one.")
    if not _NAME.fullmatch(params["name"]):
        raise TestError(f"name: {params['name']!r} is to be in the names of files: letters, digits, '.', '_' and '-'.")
    if not 1 <= params["timeout"] <= _LONGEST:
        raise TestError(f"timeout: {params['timeout']} s: say 1 to {_LONGEST}.")
    key = pathlib.Path(params["private_key_file"]).absolute()
    if not key.is_file():
        raise TestError(f"private_key_file: there is no {key}: name the key by which {params['user']} logs in.")
    try:
        suites = read_suites(params["suites"])
    except TestError as error:
        raise TestError(without_launch(str(error))) from error
    return Options(
        way=Way(params["host"], params["user"], key, port=params["port"]),
        suites=suites,
        name=params["name"],
        variables=params["variables"],
        secrets=tuple(sorted(name for name in params["variables"] if looks_secret(name))),
        roles_path=tuple(params["roles_path"]),
        seconds=float(params["timeout"]),
        results=pathlib.Path(params["results_dir"]).absolute(),
        goss=params["goss"],
    )
