# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import dataclasses

from .argv import Selection, init_argv, validate_argv
from .diagnostics import Diagnostic, describe_errors, parse_diagnostics, without_form
from .errors import PackerError
from .places import locate_legacy, locate_unset, name_origin
from .process import AncestorWatch, SignalTrap, Supervised
from .remedies import Known, get_plugins, plugin_states, remedy
from .versions import installed_plugins
from .workspace import Workspace

# Both read files and start plugins; init may download some.
_VALIDATE_TIMEOUT = 300.0
_INIT_TIMEOUT = 900.0


@dataclasses.dataclass(frozen=True)
class Validation:
    valid: bool
    diagnostics: list[Diagnostic]
    raw: str


def run_check(
    workspace: Workspace, argv: list[str], timeout: float, trap: SignalTrap, watch: AncestorWatch
) -> tuple[int, str]:
    """Run a command of Packer's that makes nothing. Gives the exit status, and what it said without secrets."""
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
    code, raw = run_check(
        workspace, validate_argv(workspace.executable, selection), min(timeout, _VALIDATE_TIMEOUT), trap, watch
    )
    # The reader knows the template, not our copy of it.
    raw = raw.replace(selection.template, str(workspace.template.path))
    found = parse_diagnostics(raw)
    if code != 0 and not any(diagnostic.severity == "error" for diagnostic in found):
        found.append(without_form(raw, code))
    # Our variable files are gone by the time that somebody reads this.
    return Validation(code == 0, explain(workspace, found), raw.replace(f"{workspace.path}/", ""))


def explain(workspace: Workspace, found: list[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics with the place that the user knows, and errors with what can be done."""
    known = _known(workspace)
    placed = [_placed(workspace, known, diagnostic) for diagnostic in found]
    return [dataclasses.replace(one, remedy=remedy(one, known)) if one.severity == "error" else one for one in placed]


def _placed(workspace: Workspace, known: Known, diagnostic: Diagnostic) -> Diagnostic:
    if known.hcl:
        named = name_origin(diagnostic, str(workspace.path), workspace.options.origins)
        return locate_unset(named, known.texts)
    return locate_legacy(diagnostic, known.template, known.texts[known.template])


def _known(workspace: Workspace) -> Known:
    template = workspace.template
    return Known(
        template=str(template.path),
        hcl=template.hcl,
        texts={str(file): file.read_text(encoding="utf-8", errors="replace") for file in template.files},
        installed=installed_plugins(workspace.options.plugin_path),
        constraints=template.constraints,
    )


def refuse_invalid(workspace: Workspace, validation: Validation) -> None:
    if validation.valid:
        return
    raise PackerError(
        f"The template {workspace.template.path} is not valid: {describe_errors(validation.diagnostics)}",
        diagnostics=[dataclasses.asdict(one) for one in validation.diagnostics],
        raw=validation.raw,
    )


def init(workspace: Workspace, trap: SignalTrap, watch: AncestorWatch) -> str:
    """Bring the plugins that an HCL template asks for; legacy JSON has no way to ask."""
    argv = init_argv(workspace.executable, str(workspace.template.path))
    code, raw = run_check(workspace, argv, _INIT_TIMEOUT, trap, watch)
    if code != 0:
        raise PackerError(_not_brought(workspace, raw), raw=raw)
    return raw


def _not_brought(workspace: Workspace, raw: str) -> str:
    """Which plugins are missing, what is here instead, why they did not come, and how else they do."""
    known = _known(workspace)
    lacking = [source for source, wanted in known.constraints.items() if not known.fits(source, wanted)]
    said = " ".join(raw.split())
    return (
        f"The template {known.template} needs {plugin_states(lacking, known)}, and 'packer init' could not bring it: {said}"
        f"{'' if said.endswith('.') else '.'} {get_plugins(lacking, known)}"
    )
