# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the workflows that repositories of images call into .github/workflows, from the templates of the role scaffold.

python tests/reusable_workflows.py
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import jinja2
import yaml

CHECKOUT = Path(__file__).parents[1]
SCAFFOLD = CHECKOUT / "roles" / "scaffold"
REUSABLE = ("build", "publish", "report", "test")


def repository() -> str:
    """Owner and name, as the collection says."""
    return str(_galaxy()["repository"]).removeprefix("https://github.com/")


def render(name: str, *, reusable: bool) -> str:
    """A workflow, as the role writes it or as other repositories call it."""
    scaffold = yaml.safe_load((SCAFFOLD / "vars" / "main.yml").read_text())
    # As Ansible's template lookup has it.
    environment = jinja2.Environment(
        trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined, **scaffold["__scaffold_marks"]
    )
    template = environment.from_string((SCAFFOLD / "templates" / "repository" / f"workflow_{name}.yml.j2").read_text())
    own = {key: scaffold[key] for key in ("__scaffold_reusable", "__scaffold_scripts")}
    called = {
        "__scaffold_reusable": True,
        "__scaffold_scripts": ".golden/roles/scaffold/files",
        "__scaffold_repository": repository(),
        "__scaffold_ref": f"v{_galaxy()['version']}",
    }
    return template.render(**(called if reusable else own))


def path(name: str) -> Path:
    return CHECKOUT / ".github" / "workflows" / f"{name}.yml"


def _galaxy() -> dict[str, t.Any]:
    return dict(yaml.safe_load((CHECKOUT / "galaxy.yml").read_text()))


def main() -> None:
    for name in REUSABLE:
        path(name).write_text(render(name, reusable=True))


if __name__ == "__main__":
    main()
