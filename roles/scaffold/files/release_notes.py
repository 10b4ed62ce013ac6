# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what a release of an image is, as Markdown: the AMI that its channel names in each Region, and what changed.

python release_notes.py IMAGE CHANNEL [FILE WITH WHAT CHANGED]
"""

from __future__ import annotations

import sys
from pathlib import Path

import boto3
import yaml


def notes(image: str, channel: str, amis: dict[str, str], changes: str) -> str:
    """The Markdown of one image."""
    rows = [f"| {region} | `{ami}` |" for region, ami in sorted(amis.items())]
    parts = [f"## {image}", "\n".join([f"| Region | AMI in {channel} |", "|---|---|", *rows])]
    if changes.strip():
        parts.append(changes.strip())
    return "\n\n".join(parts) + "\n"


def regions(definition: str, home: str) -> list[str]:
    """Where a version goes, by its definition, and the Region that it is built in."""
    distribution = (yaml.safe_load(definition) or {}).get("distribution") or {}
    return sorted({home, *distribution.get("regions", [])})


def main() -> None:
    image, channel, *changes = sys.argv[1:]
    session = boto3.Session()
    if not session.region_name:
        sys.exit("AWS_DEFAULT_REGION has to say the Region that the image was built in")
    definition = Path("images", image, "image.yml").read_text(encoding="utf-8")
    amis = {}
    for region in regions(definition, session.region_name):
        answer = session.client("ssm", region_name=region).get_parameter(Name=f"/golden/{image}/{channel}")
        amis[region] = answer["Parameter"]["Value"]
    print(notes(image, channel, amis, "\n".join(Path(file).read_text(encoding="utf-8") for file in changes)), end="")


if __name__ == "__main__":
    main()
