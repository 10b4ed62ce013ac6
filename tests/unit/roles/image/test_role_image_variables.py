# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role says is worked out by its variables."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

VARIABLES = Path(__file__).parents[4] / "roles/image/vars/main.yml"


def worked_out(name: str, **given: t.Any) -> t.Any:
    loader = DataLoader()
    values = loader.load_from_file(str(VARIABLES), trusted_as_template=True)
    return Templar(loader, variables={**values, "ansible_check_mode": False, **given}).template(values[name])


def test_what_was_kept_is_told_with_the_way_into_it_or_that_there_is_none() -> None:
    kept = [
        {"run_id": "golden-1", "image": "web", "ssh": "ssh -i key admin@192.0.2.7"},
        {"run_id": "golden-2", "image": "web", "ssh": None},
    ]
    assert worked_out("__image_swept", image_sweep={"removed": [], "kept": kept, "foreign": []}) == [
        "Removed nothing",
        "Kept until image_sweep_kept=true: web golden-1 ssh -i key admin@192.0.2.7",
        "Kept until image_sweep_kept=true: web golden-2 (no way to log in is known)",
    ]
