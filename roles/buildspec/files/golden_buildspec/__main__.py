# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m golden_buildspec [buildspec.yml]``: run the phases of a buildspec here, as CodeBuild does in its container.

The exit status is 0 where all phases ended well, 1 where one failed, and 2 where the buildspec cannot be run by hand.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from golden_buildspec.shell import Shell
from golden_buildspec.spec import Phase, Spec, SpecError, next_phase, read_spec


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="golden_buildspec", description=__doc__)
    parser.add_argument("file", nargs="?", default="buildspec.yml", type=Path)
    file: Path = parser.parse_args(arguments).file
    try:
        spec = read_spec(file)
    except SpecError as error:
        print(f"buildspec: {error}", file=sys.stderr)
        return 2
    return 0 if run(spec, file.resolve().parent) else 1


def run(spec: Spec, directory: Path) -> bool:
    """Run the phases in a directory; whether all went well."""
    # What the caller's environment says comes first, as the variables of a project do in CodeBuild.
    environment = {**spec.variables, **os.environ, "CODEBUILD_SRC_DIR": str(directory)}
    succeeding = True
    with Shell(spec.shell, directory, environment) as shell:
        index = 0
        while index < len(spec.phases):
            passed = _run_phase(shell, spec.phases[index], succeeding)
            succeeding = succeeding and passed
            index = next_phase(spec.phases, index, not passed)
        if succeeding and spec.exported:
            _say("Exported variables")
            succeeding = shell.run("\n".join(f'echo "{name}=${{{name}-}}"' for name in spec.exported)) == 0
    return succeeding


def _run_phase(shell: Shell, phase: Phase, succeeding: bool) -> bool:
    """The commands up to the first one that fails, and then all of C(finally)."""
    _say(f"Entering phase {phase.name.upper()}")
    began = time.monotonic()
    passed = True
    for command in phase.commands:
        passed = _run_command(shell, command, succeeding)
        if not passed:
            break
    for command in phase.last:
        passed = _run_command(shell, command, succeeding and passed) and passed
    state = "SUCCEEDED" if passed else "FAILED"
    _say(f"Phase complete: {phase.name.upper()} State: {state} ({time.monotonic() - began:.1f} s)")
    return passed


def _run_command(shell: Shell, command: str, succeeding: bool) -> bool:
    _say(f"Running command {command.strip()}")
    status = shell.run(f"export CODEBUILD_BUILD_SUCCEEDING={int(succeeding)}\n{command}")
    if status:
        _say(f"Command did not exit successfully {command.strip()} exit status {status}")
    return status == 0


def _say(text: str) -> None:
    print(f"[buildspec] {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
