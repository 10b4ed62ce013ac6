# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m golden_toolkit VERB``: what is done with the toolkit image, and with what is around it.

``look`` says whether it is there, ``build`` has it, ``run`` runs a command in it, ``versions`` and ``sbom`` say what is
inside; ``login`` logs its engine in to ECR, ``parameters`` writes the SSM parameters of a template to files.

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

from golden_toolkit import contents, login, parameters
from golden_toolkit.build import build
from golden_toolkit.context import Tools
from golden_toolkit.engine import ENGINES, Engine
from golden_toolkit.parts import Parts, ToolkitError
from golden_toolkit.run import Here, run_argv

ROOT = Path(__file__).resolve().parents[4]
_ABSENT = 3


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    child.stop_on_signals()
    try:
        return _VERBS[options.verb](_engine(options), Parts(ROOT), options)
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
    parser.add_argument("--engine", choices=ENGINES, help="GOLDEN_TOOLKIT_ENGINE, or cloud, if it is not given")
    parser.add_argument("--cloud", default=os.environ.get("GOLDEN_CLOUD_NAME") or "default", help="which local cloud")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("look")
    made = verbs.add_parser("build")
    for name in ("packer", "plugins", "goss", "cache"):
        made.add_argument(f"--{name}", type=Path, required=True)
    made.add_argument("--base", default="", help="the image to build on")
    run = verbs.add_parser("run")
    run.add_argument("--directory", type=Path, default=ROOT, help="where the command runs, if that is in the checkout")
    run.add_argument("command", nargs=argparse.REMAINDER)
    verbs.add_parser("versions")
    verbs.add_parser("sbom").add_argument("file", type=Path, help="where it is written")
    logged = verbs.add_parser("login")
    read = verbs.add_parser("parameters")
    for verb in (run, logged, read):
        verb.add_argument("--cloud-of", choices=("local", "aws"), default="local", help="which cloud it is about")
    of = read.add_mutually_exclusive_group(required=True)
    of.add_argument("--image", help="an image with a template of its own")
    of.add_argument("--template", type=Path, help="a template")
    read.add_argument("--var-file", type=Path, action="append", default=[], help="of the template, in their order")
    read.add_argument("--directory", type=Path, default=Path(".cache") / "packer-deps")
    read.add_argument("--secure", choices=("true", "false"), default="false", help="write secure strings as well")
    return parser


def _engine(options: argparse.Namespace) -> Engine:
    named = options.engine or os.environ.get("GOLDEN_TOOLKIT_ENGINE") or "cloud"
    if named not in ENGINES:
        raise ToolkitError(f"GOLDEN_TOOLKIT_ENGINE is one of {', '.join(ENGINES)}, not {named}.")
    return Engine(named, options.cloud)


def _inside() -> bool:
    """Whether this is the toolkit already: commands then run here, on the cloud that the container was told."""
    return bool(os.environ.get("GOLDEN_TOOLKIT"))


def _look(engine: Engine, parts: Parts, _options: argparse.Namespace) -> int:
    there = _inside() or engine.has(parts.reference)
    print(json.dumps({"reference": parts.reference, "present": there}))
    return 0 if there else _ABSENT


def _build(engine: Engine, parts: Parts, options: argparse.Namespace) -> int:
    told = os.environ.get("GOLDEN_PROGRESS_FILE")
    tools = Tools(options.packer, options.plugins, options.goss)
    progress = Progress(Path(told) if told else None)
    print(json.dumps(build(engine, parts, tools, options.base, options.cache, progress)))
    return 0


def _run(engine: Engine, parts: Parts, options: argparse.Namespace) -> t.NoReturn:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise ToolkitError("There is no command to run in the toolkit: ./taskw toolkit:run -- packer version")
    if _inside():
        os.execvp(command[0], command)
    on_aws = options.cloud_of == "aws"
    cloud = _aws() if on_aws else _local(engine)
    home = Path.home()
    state = Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    (state / "golden.ami" / "toolkit").mkdir(parents=True, exist_ok=True)
    directory = options.directory.resolve()
    here = Here(
        root=parts.root,
        # The checkout is what is mounted.
        directory=directory if directory.is_relative_to(parts.root) else parts.root,
        state=state,
        terminal=sys.stdin.isatty() and sys.stdout.isatty(),
        home=home,
    )
    argv = run_argv(engine.argv, parts.reference, here, cloud, command, on_aws=on_aws)
    os.execvpe(argv[0], argv, {**os.environ, **cloud})


def _told(engine: Engine, parts: Parts) -> contents.Inventory:
    return contents.here() if _inside() else contents.ask(engine, parts.reference)


def _versions(engine: Engine, parts: Parts, _options: argparse.Namespace) -> int:
    print(contents.versions(parts.reference, _told(engine, parts)))
    return 0


def _sbom(engine: Engine, parts: Parts, options: argparse.Namespace) -> int:
    document = contents.sbom(parts.reference, _told(engine, parts))
    options.file.parent.mkdir(parents=True, exist_ok=True)
    options.file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{options.file}: {len(document['components'])} components of {parts.reference}")
    return 0


def _enter(engine: Engine, options: argparse.Namespace) -> None:
    """Have the cloud that is meant in the environment, and no other; in the toolkit it is there already."""
    if _inside():
        return
    if options.cloud_of == "aws":
        _aws()
        return
    cloud = _local(engine)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(cloud)


def _login(engine: Engine, _parts: Parts, options: argparse.Namespace) -> int:
    _enter(engine, options)
    print(login.log_in(engine.argv, engine.program, login.ask()))
    return 0


def _parameters(engine: Engine, parts: Parts, options: argparse.Namespace) -> int:
    import boto3

    here = Path.cwd()
    if options.image:
        if options.var_file:
            raise ToolkitError("An image has its variable files in its definition: --var-file goes with a template.")
        wanted = parameters.of_image(options.image, parts.root, here)
    else:
        wanted = parameters.of_template(options.template, options.var_file)

    def client(region: str) -> t.Any:
        # Only a template that reads something needs a cloud.
        _enter(engine, options)
        return boto3.client("ssm", region_name=region or None)

    print(parameters.write(wanted, client, options.directory.absolute(), secure=options.secure == "true"))
    return 0


def _aws() -> dict[str, str]:
    """What of the environment leads to AWS; nothing of it may lead elsewhere."""
    named = sorted(name for name in os.environ if name.startswith("AWS_ENDPOINT_URL"))
    if named:
        raise ToolkitError(
            f"The environment has {', '.join(named)}, which is not AWS: unset it, or leave CLOUD_OF=aws out."
        )
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def _local(engine: Engine) -> dict[str, str]:
    """What points a client to the local cloud, as its own verb ``env`` says."""
    asked = subprocess.run(engine.environment(), stdout=subprocess.PIPE, text=True, check=False)
    if asked.returncode:
        raise ToolkitError("There is no local cloud for the command to work on: ./taskw cloud:up, or CLOUD_OF=aws.")
    return {name: value for name, value in json.loads(asked.stdout).items() if value is not None}


_VERBS: dict[str, t.Callable[[Engine, Parts, argparse.Namespace], int]] = {
    "look": _look,
    "build": _build,
    "run": _run,
    "versions": _versions,
    "sbom": _sbom,
    "login": _login,
    "parameters": _parameters,
}

if __name__ == "__main__":
    sys.exit(main())
