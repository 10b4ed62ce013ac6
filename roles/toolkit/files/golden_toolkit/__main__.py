# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m golden_toolkit look|build|run``: say whether the toolkit image is there, build it, run a command in it.

look and build answer with one JSON object on standard output; look ends with status 3 when there is no image. Progress goes
to the file that GOLDEN_PROGRESS_FILE names. An error is a sentence on standard error and exit status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from golden_toolchain import child
from golden_toolchain.errors import ToolchainError
from golden_toolchain.progress import Progress

from golden_toolkit.build import build
from golden_toolkit.context import Tools
from golden_toolkit.engine import ENGINES, Engine
from golden_toolkit.parts import Parts, ToolkitError
from golden_toolkit.run import Here, run_argv

ROOT = Path(__file__).resolve().parents[4]
_ABSENT = 3


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    engine = Engine(options.engine, options.cloud)
    child.stop_on_signals()
    try:
        return _VERBS[options.verb](engine, Parts(ROOT), options)
    except (ToolkitError, ToolchainError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except child.Stopped as stopped:
        print(f"The build of the toolkit was {stopped}. Run it again.", file=sys.stderr)
        return 1
    finally:
        child.stop_all()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="golden_toolkit", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default=os.environ.get("GOLDEN_TOOLKIT_ENGINE") or "cloud")
    parser.add_argument("--cloud", default=os.environ.get("GOLDEN_CLOUD_NAME") or "default", help="which local cloud")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("look")
    made = verbs.add_parser("build")
    for name in ("packer", "plugins", "goss", "cache"):
        made.add_argument(f"--{name}", type=Path, required=True)
    made.add_argument("--base", default="", help="the image to build on")
    run = verbs.add_parser("run")
    run.add_argument("--aws", action="store_true", help="work on AWS instead of the local cloud")
    run.add_argument("command", nargs=argparse.REMAINDER)
    return parser


def _look(engine: Engine, parts: Parts, _options: argparse.Namespace) -> int:
    there = engine.has(parts.reference)
    print(json.dumps({"reference": parts.reference, "present": there}))
    return 0 if there else _ABSENT


def _build(engine: Engine, parts: Parts, options: argparse.Namespace) -> int:
    told = os.environ.get("GOLDEN_PROGRESS_FILE")
    tools = Tools(options.packer, options.plugins, options.goss)
    progress = Progress(Path(told) if told else None)
    print(json.dumps(build(engine, parts, tools, options.base, options.cache, progress)))
    return 0


def _run(engine: Engine, parts: Parts, options: argparse.Namespace) -> t.NoReturn:
    cloud = _aws() if options.aws else _local(engine)
    home = Path.home()
    state = Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    (state / "golden.ami" / "toolkit").mkdir(parents=True, exist_ok=True)
    here = Here(parts.root, Path.cwd(), state, sys.stdin.isatty() and sys.stdout.isatty(), home)
    argv = run_argv(engine.argv, parts.reference, here, cloud, [word for word in options.command if word != "--"])
    os.execvpe(argv[0], argv, {**os.environ, **cloud})


def _aws() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def _local(engine: Engine) -> dict[str, str]:
    """What points a client to the local cloud, as its own verb ``env`` says."""
    asked = subprocess.run(engine.environment(), stdout=subprocess.PIPE, text=True, check=False)
    if asked.returncode:
        raise ToolkitError("There is no local cloud for the command to work on: ./taskw cloud:up, or CLOUD=aws.")
    return {name: value for name, value in json.loads(asked.stdout).items() if value is not None}


_VERBS: dict[str, t.Callable[[Engine, Parts, argparse.Namespace], int]] = {"look": _look, "build": _build, "run": _run}

if __name__ == "__main__":
    sys.exit(main())
