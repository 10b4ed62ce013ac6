# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes of a release: AMI ids by Region, what changed, and what people wrote stays."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import types
from pathlib import Path

FILES = Path(__file__).resolve().parents[4] / "roles" / "scaffold" / "files"


def load(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, FILES / f"{name}.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_notes_of_an_image() -> None:
    made = load("release_notes").notes("shop", "prod", {"us-east-1": "ami-2", "eu-west-1": "ami-1"}, "htop added\n")
    assert made == (
        "## shop\n\n| Region | AMI in prod |\n|---|---|\n| eu-west-1 | `ami-1` |\n| us-east-1 | `ami-2` |\n\nhtop added\n"
    )


def test_regions_of_a_definition() -> None:
    regions = load("release_notes").regions
    assert regions("base: {}\n", "us-east-1") == ["us-east-1"]
    assert regions("distribution: {regions: [eu-west-1, us-east-1]}\n", "us-east-1") == ["eu-west-1", "us-east-1"]


def test_what_people_wrote_stays_and_ours_is_replaced() -> None:
    body = load("publish_notes").body
    once = body("Thanks to all.\n", "first\n")
    assert once == "Thanks to all.\n\n<!-- what was deployed -->\nfirst\n"
    assert body(once, "second") == "Thanks to all.\n\n<!-- what was deployed -->\nsecond\n"
    assert body("", "first") == "<!-- what was deployed -->\nfirst\n"


def test_without_a_region_nothing_is_written(tmp_path: Path) -> None:
    """In a workflow the action that enters AWS has set it."""
    image = tmp_path / "images" / "shop"
    image.mkdir(parents=True)
    (image / "image.yml").write_text("base: {}\n")
    kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    argv = [sys.executable, str(FILES / "release_notes.py"), "shop", "prod"]
    made = subprocess.run(argv, cwd=tmp_path, env=kept, capture_output=True, text=True, check=False)
    assert (made.returncode, made.stdout) == (1, "")
    assert "AWS_DEFAULT_REGION has to say the Region" in made.stderr
