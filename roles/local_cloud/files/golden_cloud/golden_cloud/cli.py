# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: ``golden_cloud VERB``."""

from __future__ import annotations

import argparse
import json
import logging
import os
import shlex
import sys
from collections.abc import Callable
from typing import Any

from golden_cloud import cli_calls, cli_faults, cli_iam, cli_podman, lifecycle, settings
from golden_cloud.control_client import ControlError
from golden_cloud.place import Place
from golden_cloud.ports import MachineError
from golden_cloud.progress import say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="golden_cloud", description="A local cloud for machine images.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, text in _VERBS.items():
        one = verbs.add_parser(verb, help=text, description=text)
        one.add_argument("--name", default=os.environ.get("GOLDEN_CLOUD_NAME") or "default", help="which cloud")
        one.add_argument("--port", type=_port, default=os.environ.get("GOLDEN_CLOUD_PORT") or None, help="default 4580")
        one.add_argument("--json", action="store_true", help="tell the result as JSON")
        if verb in _MORE_OPTIONS:
            _MORE_OPTIONS[verb](one)
        if verb == "base":
            one.add_argument("image", help="its short name: debian-12, debian-13; codebuild is what builds run in")
    return parser


_VERBS = {
    "up": "start the cloud; nothing happens when it is up",
    "down": "shut down the instances and end the cloud; images, parameters and stopped instances stay",
    "status": "tell what is there",
    "reset": "end the cloud and remove everything that it made",
    "env": 'print export lines for any AWS client: eval "$(golden_cloud env)"',
    "base": "make a base image now instead of when it is first needed",
    "serve": "run the server in the foreground",
    "faults": "have calls fail, be throttled, be slow, lose their answers; list, add, remove such faults",
    "calls": "show the calls that were made, with parameters and results",
    "iam": "enforce IAM's policies or not; tell what roles are granted against what they used",
    "podman": "run podman in the cloud's own storage: podman -- images",
}
_MORE_OPTIONS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "faults": cli_faults.options,
    "calls": cli_calls.options,
    "up": cli_iam.options_of_up,
    "iam": cli_iam.options,
    "podman": cli_podman.options,
}


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{number} is no port")
    return number


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        place = Place.of(options.name)
        return _DO[options.verb](place, options)
    except (lifecycle.LifecycleError, MachineError, ControlError, ValueError) as error:
        if options.json:
            print(json.dumps({"changed": False, "failed": True, "msg": str(error)}))
        print(f"local cloud {options.name!r}: {error}", file=sys.stderr)
        return 1


def _up(place: Place, options: argparse.Namespace) -> int:
    changed = lifecycle.up(place, options.port, say)
    changed = cli_iam.settle(place, options.enforce_iam) or changed
    _tell(place, options, {"changed": changed})
    return 0


def _tell(place: Place, options: argparse.Namespace, extra: dict[str, Any]) -> None:
    from golden_cloud import lifecycle_status

    seen = lifecycle_status.status(place)
    if options.verb == "status":
        lifecycle_status.details(place, seen)
    if options.json:
        print(json.dumps({**seen, **extra}))
    else:
        print(lifecycle_status.human(seen))


def _down(place: Place, options: argparse.Namespace) -> int:
    changed = lifecycle.down(place, say)
    print(json.dumps({"changed": changed}) if options.json else f"local cloud {place.name!r}: down")
    return 0


def _reset(place: Place, options: argparse.Namespace) -> int:
    changed = lifecycle.reset(place, say)
    print(json.dumps({"changed": changed}) if options.json else f"local cloud {place.name!r}: removed")
    return 0


def _status(place: Place, options: argparse.Namespace) -> int:
    _tell(place, options, {})
    return 0


def _env(place: Place, options: argparse.Namespace) -> int:
    known = settings.load(place)
    if not known:
        raise lifecycle.LifecycleError(f"the local cloud {place.name!r} was never up: use the verb up first")
    variables = settings.environment(place, known, os.environ)
    if options.json:
        print(json.dumps(variables))
        return 0
    for name, value in variables.items():
        print(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")
    return 0


def _base(place: Place, options: argparse.Namespace) -> int:
    from golden_cloud.machines import base_images, recipes

    recipe = base_images.by_key(options.image)
    if not place.storage.exists():
        raise lifecycle.LifecycleError(f"the local cloud {place.name!r} was never up: use the verb up first")
    logging.basicConfig(level=logging.WARNING)
    changed = base_images.ensure(recipe, lifecycle.podman_of(place), place.base_cache, say)
    told = {"changed": changed, "reference": base_images.reference(recipe)}
    if recipe in recipes.RECIPES:
        described = base_images.describe(recipe)
        told |= {"image_id": described.image_id, "name": described.name}
    print(json.dumps(told) if options.json else told.get("image_id", told["reference"]))
    return 0


def _serve(place: Place, options: argparse.Namespace) -> int:
    from golden_cloud.lifecycle_serve import serve

    return serve(place, options.port or settings.DEFAULT_PORT)


_DO: dict[str, Callable[[Place, argparse.Namespace], int]] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "reset": _reset,
    "env": _env,
    "base": _base,
    "serve": _serve,
    "faults": cli_faults.run,
    "calls": cli_calls.run,
    "iam": cli_iam.run,
    "podman": cli_podman.run,
}
