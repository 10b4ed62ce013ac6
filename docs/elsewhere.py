# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation refers to on other sites.

Sphinx resolves such references by an inventory that it fetches from the site. So that the documentation builds without a
network, an inventory of just those references is written here; one that is not in the list is an error, as a misspelt one is.
With GOLDEN_DOCS_ONLINE set, the sites' own inventories are fetched instead, which shows whether the list is still true.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

ANSIBLE = "https://docs.ansible.com/projects/ansible/devel/"
# Sphinx's name and type of each, and the page that it is on, as the pages of antsibull-docs for our plugins use them.
REFERENCES = {
    ("action_plugins", "std:label"): "plugins/action.html#action-plugins",
    ("ansible_configuration_settings", "std:label"): "reference_appendices/config.html#ansible-configuration-settings",
    ("common_return_values", "std:label"): "reference_appendices/common_return_values.html#common-return-values",
    ("ANSIBLE_COLLECTIONS_PATH", "std:envvar"): "reference_appendices/config.html#envvar-ANSIBLE_COLLECTIONS_PATH",
    ("ANSIBLE_ROLES_PATH", "std:envvar"): "reference_appendices/config.html#envvar-ANSIBLE_ROLES_PATH",
}


def mapping(directory: Path) -> dict[str, tuple[str, str | None]]:
    """Sphinx's ``intersphinx_mapping``. The inventory is written to the directory, unless it is to be fetched."""
    if os.environ.get("GOLDEN_DOCS_ONLINE"):
        return {"ansible": (ANSIBLE, None)}
    inventory = directory / "elsewhere.inv"
    inventory.write_bytes(_inventory(REFERENCES))
    return {"ansible": (ANSIBLE, str(inventory))}


def _inventory(references: dict[tuple[str, str], str]) -> bytes:
    """A Sphinx inventory, version 2: name, type, priority, page and title; a title of ``-`` is the name."""
    lines = [f"{name} {kind} -1 {page} -\n" for (name, kind), page in references.items()]
    head = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: \n"
    head += "# The remainder of this file is compressed using zlib.\n"
    return head.encode() + zlib.compress("".join(lines).encode())
