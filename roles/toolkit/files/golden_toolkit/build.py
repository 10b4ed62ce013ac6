# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the image, step by step on the screen."""

from __future__ import annotations

import json
import os
import re
import typing as t
from pathlib import Path

from golden_toolchain import child
from golden_toolchain.progress import Progress
from golden_toolkit.context import Tools, laid_out
from golden_toolkit.engine import Engine
from golden_toolkit.parts import REPOSITORY, Parts, ToolkitError

_STEP = re.compile(r"^STEP (\d+)/(\d+): (.*)|^#\d+ \[ *(\d+)/(\d+)\] (.*)")
_SHOWN = 60


def build_argv(engine: Engine, parts: Parts, work: Path, arguments: t.Mapping[str, str]) -> list[str]:
    """The command that builds what lies in *work*; *arguments* are the Containerfile's."""
    return [
        *engine.argv, "build", *engine.build_options,
        "--file", str(parts.containerfile),
        "--tag", parts.reference, "--tag", f"{REPOSITORY}:latest",
        *[word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")],
        "--secret", f"id=ways,src={work / 'ways'}", "--secret", f"id=certificates,src={work / 'certificates'}",
        str(work / "context"),
    ]  # fmt: skip


def step_of(line: str) -> str | None:
    """A line in which podman or docker tells a step, in few words; None for another."""
    told = _STEP.match(line)
    if not told:
        return None
    number, of, words = [part for part in told.groups() if part is not None]
    words = " ".join(words.split())
    return f"step {number} of {of}: {words[:_SHOWN]}{'…' if len(words) > _SHOWN else ''}"


def build(engine: Engine, parts: Parts, tools: Tools, base: str, cache: Path, progress: Progress) -> dict[str, t.Any]:
    """Have the image: built when the engine lacks it. ``changed``, ``reference`` and ``message``."""
    reference = parts.reference
    if engine.has(reference):
        return {"changed": False, "reference": reference, "message": f"{reference} is there."}
    base = base or engine.default_base or _base_of_the_cloud(engine, progress)
    host = dict(os.environ)
    with laid_out(parts, tools, cache, host) as work, progress.step("Building the toolkit image", "(once, a minute or two)"):
        argv = build_argv(engine, parts, work, {"BASE": base, **tools.arguments})
        seen = 0

        def tell(running: child.Child) -> None:
            nonlocal seen
            for line in running.lines[seen:]:
                seen += 1
                if step := step_of(line):
                    progress.say(f"  {step}")

        done = child.run(argv, cwd=work, env=host, tick=tell)
        tell(done)
        if done.code:
            raise ToolkitError(f"{engine.name} could not build {reference}, it ended with {done.code}:\n{done.tail}")
    return {"changed": True, "reference": reference, "message": f"{reference} was built on {base}."}


def _base_of_the_cloud(engine: Engine, progress: Progress) -> str:
    with progress.step("Having the base image of builds"):
        done = child.run(engine.base(), cwd=Path.cwd(), env=dict(os.environ))
    if done.code:
        raise ToolkitError(f"The local cloud has no base image of builds:\n{done.tail}")
    return str(json.loads(done.lines[-1])["reference"])
