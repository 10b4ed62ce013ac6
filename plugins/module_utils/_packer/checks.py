# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses

from .argv import Selection, init_argv, validate_argv
from .diagnostics import Diagnostic, describe, parse_diagnostics
from .errors import PackerError
from .process import AncestorWatch, SignalTrap, Supervised
from .workspace import Workspace

# Both read files and start plugins; init may download some.
_VALIDATE_TIMEOUT = 300.0
_INIT_TIMEOUT = 900.0


@dataclasses.dataclass(frozen=True)
class Validation:
    valid: bool
    diagnostics: list[Diagnostic]
    raw: str


def _run(
    workspace: Workspace, argv: list[str], timeout: float, trap: SignalTrap, watch: AncestorWatch
) -> tuple[int, str]:
    lines: list[str] = []
    supervised = Supervised(
        argv, environment=workspace.environment(), directory=workspace.options.chdir, scratch=workspace.path
    )
    code, stop = supervised.run(lines.append, timeout=timeout, trap=trap, watch=watch)
    raw = workspace.scrubber.text("\n".join(lines))
    if stop:
        raise PackerError(f"'packer {argv[1]}' was ended: {stop.text}.", raw=raw)
    return code, raw


def validate(workspace: Workspace, selection: Selection, trap: SignalTrap, watch: AncestorWatch) -> Validation:
    """Have Packer check a template with its variables."""
    timeout = workspace.options.timeout or _VALIDATE_TIMEOUT
    code, raw = _run(
        workspace, validate_argv(workspace.executable, selection), min(timeout, _VALIDATE_TIMEOUT), trap, watch
    )
    # The reader knows the template, not our copy of it.
    raw = raw.replace(selection.template, str(workspace.template.path))
    found = parse_diagnostics(raw)
    if code != 0 and not any(diagnostic.severity == "error" for diagnostic in found):
        found.append(
            Diagnostic("error", raw.strip().split("\n")[0] or f"packer validate ended with {code}", raw.strip())
        )
    return Validation(code == 0, found, raw)


def refuse_invalid(workspace: Workspace, validation: Validation) -> None:
    if validation.valid:
        return
    errors = [describe(one) for one in validation.diagnostics if one.severity == "error"]
    raise PackerError(
        f"The template {workspace.template.path} is not valid: {'; '.join(errors)}",
        diagnostics=[dataclasses.asdict(one) for one in validation.diagnostics],
        raw=validation.raw,
    )


def init(workspace: Workspace, trap: SignalTrap, watch: AncestorWatch) -> str:
    """Bring the plugins that an HCL template asks for; legacy JSON has no way to ask."""
    argv = init_argv(workspace.executable, str(workspace.template.path))
    code, raw = _run(workspace, argv, _INIT_TIMEOUT, trap, watch)
    if code != 0:
        raise PackerError(
            f"'packer init' could not bring the plugins of {workspace.template.path}. Without a way to the internet,"
            f" install them (the role golden.ami.packer does) and set init to false. Packer said: {raw.strip()}",
            raw=raw,
        )
    return raw
