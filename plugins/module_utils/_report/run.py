# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_report does."""

from __future__ import annotations

import collections.abc as c
import datetime
import hashlib
import json
import typing as t
from pathlib import Path

from .._ami.calls import AmiError
from .._ami.channels import check_channel, check_image
from .._ami.lineage import SEARCH_OPTION, read_search
from . import ages, files, markdown, page
from .assemble import assemble
from .facts import Wanted
from .reading import Reader

ARGUMENT_SPEC: dict[str, t.Any] = {
    "images": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "parent": {"type": "str"},
            "follows": {"type": "str"},
            "search": SEARCH_OPTION,
            "regions": {"type": "list", "elements": "str", "default": []},
            "accounts": {"type": "list", "elements": "str", "default": []},
            "role_name": {"type": "str", "default": "OrganizationAccountAccessRole"},
            "retention": {"type": "dict", "default": {}},
        },
    },
    "changes": {"type": "int", "default": 5},
    "directory": {"type": "path"},
}

Result = dict[str, t.Any]


def run(module: t.Any) -> Result:
    """Read the images, and write the report of them where it differs from what is there."""
    params = module.params
    wanted = _wanted(params["images"])
    if params["changes"] < 0:
        raise AmiError(f"changes: {params['changes']} is less than nothing. Give 0 or more.")
    directory = Path(params["directory"]) if params["directory"] else None
    # Before anything is called: it takes a while, and would be in vain.
    found = _found(directory) if directory else {}
    now = datetime.datetime.now(datetime.UTC)
    world = Reader(module.client, module.region, now, params["changes"]).read(wanted)
    report = files.settled(assemble(world, now, params["changes"]), found)
    if directory is None:
        return {"changed": False, "report": report, "files": [], "diff": {"before": "", "after": ""}}
    texts = rendered(report)
    differing = {name: text for name, text in texts.items() if found.get(name) != text}
    if differing and not module.check_mode:
        try:
            files.write(directory, differing)
        except OSError as error:
            raise AmiError(f"The report can't be written to {directory}: {error}. Name another directory.") from error
    return {
        "changed": bool(differing),
        "report": report,
        "files": [str(directory / name) for name in files.NAMES],
        "diff": {"before": _shown(found), "after": _shown(texts)},
    }


def _shown(texts: c.Mapping[str, str]) -> str:
    """The Markdown, and of the other two, which say the same at greater length, whether they are others.

    Without the time of the report, for that is no difference.
    """
    report = files.former(texts)
    generated = str(report["generated"]) if report else ""
    lines = {name: text.replace(generated, "").replace(ages.read(generated), "") for name, text in texts.items()}
    digests = {name: hashlib.sha256(text.encode()).hexdigest()[:12] for name, text in lines.items()}
    return lines.get(files.MARKDOWN, "") + "".join(f"{name} {digest}\n" for name, digest in sorted(digests.items()))


def rendered(report: Result) -> dict[str, str]:
    """The three files, by name."""
    return {
        files.JSON: json.dumps(report, indent=2, ensure_ascii=False) + "\n",
        files.HTML: page.page(report),
        files.MARKDOWN: markdown.page(report),
    }


def _wanted(images: list[Result]) -> list[Wanted]:
    if not images:
        raise AmiError("images: it is empty. Name the images to report on.")
    for image in images:
        check_image(image["name"])
        if image["follows"] is not None:
            check_channel(image["follows"], "images: follows")
    names = [image["name"] for image in images]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise AmiError(f"images: {', '.join(twice)} is there twice.")
    return [
        Wanted(
            **{
                **image,
                "search": read_search(image["search"]),
                "regions": tuple(image["regions"]),
                "accounts": tuple(image["accounts"]),
            }
        )
        for image in images
    ]


def _found(directory: Path) -> dict[str, str]:
    try:
        return files.read(directory)
    except (files.NotOurs, OSError) as error:
        raise AmiError(f"directory: {error}") from error
