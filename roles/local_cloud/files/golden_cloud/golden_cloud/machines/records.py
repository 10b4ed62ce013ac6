# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down of each machine beside podman's own records: address, image, host name."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from golden_cloud.place import Place


def read(place: Place) -> dict[str, dict[str, Any]]:
    """By instance id; a machine that is terminated meanwhile is left out."""
    found = {}
    for file in place.instances.glob("*/machine.json"):
        with contextlib.suppress(FileNotFoundError):
            found[file.parent.name] = json.loads(file.read_text())
    return found
