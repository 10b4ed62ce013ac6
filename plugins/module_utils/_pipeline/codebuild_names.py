# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""From the options of a module to what CodeBuild takes, and back: the same, but for how names are written."""

from __future__ import annotations

import pathlib
import re
import typing as t

from .codebuild_calls import CodeBuildError

# Where the rule gives what nobody would write.
_SNAKE = {"vCpu": "vcpu"}
_CAMEL = {snake: camel for camel, snake in _SNAKE.items()}


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return _CAMEL.get(name) or first + "".join(one.capitalize() for one in rest)


def snake(name: str) -> str:
    return _SNAKE.get(name) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def to_codebuild(value: t.Any) -> t.Any:
    """Options as CodeBuild writes them, without those that were not given."""
    if isinstance(value, dict):
        return {camel(name): to_codebuild(one) for name, one in value.items() if one is not None}
    return [to_codebuild(one) for one in value] if isinstance(value, list) else value


def to_options(value: t.Any) -> t.Any:
    """What CodeBuild says, as the options are written."""
    if isinstance(value, dict):
        return {snake(name): to_options(one) for name, one in value.items()}
    return [to_options(one) for one in value] if isinstance(value, list) else value


def read_buildspec(path: str, option: str) -> str:
    """The text of a file on the machine where the module runs."""
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise CodeBuildError(f"{option}: {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CodeBuildError(f"{option}: {path} is not a text in UTF-8.") from error
    if not text.strip():
        raise CodeBuildError(f"{option}: {path} is empty.")
    return text


def with_buildspec(options: dict[str, t.Any], option: str) -> dict[str, t.Any]:
    """The same, with the text of C(buildspec_file) as C(buildspec)."""
    rest = {name: value for name, value in options.items() if name != "buildspec_file"}
    path = options.get("buildspec_file")
    if not path:
        return rest
    if options.get("buildspec"):
        raise CodeBuildError(f"{option}: give either buildspec or buildspec_file.")
    return {**rest, "buildspec": read_buildspec(path, f"{option}.buildspec_file")}
