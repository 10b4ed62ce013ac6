# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which systems the roles for machines take, and what differs between them; no machine is needed for it."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

init_plugin_loader()

ROLES = Path(__file__).parents[4] / "roles"
COMMON = ROLES / "common"

KNOWN = [
    ("Debian", "12", "12.12"),
    ("Debian", "13", "13.1"),
    ("Ubuntu", "22", "22.04"),
    ("Ubuntu", "24", "24.04"),
]
UNKNOWN = [
    ("Debian", "11", "11.11"),
    ("Ubuntu", "24", "24.10"),
    ("Ubuntu", "22", "22.10"),
    ("Ubuntu", "20", "20.04"),
    ("Amazon", "2023", "2023"),
    ("RedHat", "9", "9.4"),
    ("Rocky", "9", "9.4"),
    ("Fedora", "43", "43"),
]
# Where each role looks at the system.
LOOKS = {"common": "tasks/main.yml", "sysprep": "tasks/supported.yml", "wordpress": "tasks/supported.yml"}


def facts(distribution: str, major: str, version: str) -> dict[str, str]:
    return {
        "distribution": distribution,
        "distribution_major_version": major,
        "distribution_version": version,
    }


def read(path: Path) -> t.Any:
    return DataLoader().load_from_file(str(path), trusted_as_template=True)


def templar(role: str, *files: str, **given: t.Any) -> Templar:
    """With a role's variables, as far as they are in its files."""
    values: dict[str, t.Any] = {}
    for name in ("defaults/main.yml", "vars/main.yml", *files):
        values.update(read(ROLES / role / name))
    return Templar(
        DataLoader(), variables={**values, "ansible_check_mode": False, "role_path": str(ROLES / role), **given}
    )


def look(role: str) -> dict[str, t.Any]:
    """The first assert of a role: the one of the system."""
    tasks = read(ROLES / role / LOOKS[role])
    found: dict[str, t.Any] = next(task["ansible.builtin.assert"] for task in tasks if "ansible.builtin.assert" in task)
    return found


def taken(role: str, system: dict[str, str]) -> bool:
    return bool(templar(role, ansible_facts=system).template(trust_as_template("{{ (" + look(role)["that"] + ") }}")))


@pytest.mark.parametrize("role", LOOKS)
@pytest.mark.parametrize("system", KNOWN, ids="-".join)
def test_systems_that_a_role_is_written_for_are_taken(role: str, system: tuple[str, str, str]) -> None:
    assert taken(role, facts(*system))


@pytest.mark.parametrize("role", LOOKS)
@pytest.mark.parametrize("system", UNKNOWN, ids="-".join)
def test_others_are_refused_by_name_and_told_what_to_take(role: str, system: tuple[str, str, str]) -> None:
    assert not taken(role, facts(*system))
    told = " ".join(templar(role, ansible_facts=facts(*system)).template(look(role)["fail_msg"]).split())
    assert f"Role {role} does not know {system[0]} {system[2]}." in told
    assert "tested on Debian 12 and 13, and is written to the documentation of Ubuntu 22.04 and 24.04" in told


@pytest.mark.parametrize("role", LOOKS)
def test_meta_names_the_systems_that_are_taken(role: str) -> None:
    platforms = yaml.safe_load((ROLES / role / "meta/main.yml").read_text())["galaxy_info"]["platforms"]
    assert {one["name"]: one["versions"] for one in platforms} == {
        "Debian": ["bookworm", "trixie"],
        "Ubuntu": ["jammy", "noble"],
    }
    releases = read(ROLES / role / "vars/main.yml")[f"__{role}_releases"]
    assert {name: list(known) for name, known in releases.items()} == {
        "Debian": ["12", "13"],
        "Ubuntu": ["22.04", "24.04"],
    }


def system_file(system: tuple[str, str, str]) -> str:
    """The file that the role's own words choose."""
    tasks = read(COMMON / "tasks/main.yml")
    words = next(task["ansible.builtin.include_vars"] for task in tasks if "ansible.builtin.include_vars" in task)
    return str(templar("common", ansible_facts=facts(*system)).template(words))


@pytest.mark.parametrize("system", KNOWN, ids="-".join)
def test_each_system_has_its_file(system: tuple[str, str, str]) -> None:
    assert Path(system_file(system)) == COMMON / "vars" / f"{system[0]}.yml"


def test_a_system_without_a_file_is_an_error() -> None:
    with pytest.raises(AnsibleError, match="No file was found"):
        system_file(("Fedora", "43", "43"))


def test_the_files_of_systems_have_the_same_keys() -> None:
    files = sorted(path for path in (COMMON / "vars").glob("*.yml") if path.name != "main.yml")
    assert [path.name for path in files] == ["Debian.yml", "Ubuntu.yml"]
    keys = [set(read(path)) for path in files]
    assert keys[0]
    assert all(one == keys[0] for one in keys)


def rendered(template: str, system: tuple[str, str, str], **given: t.Any) -> str:
    of = templar("common", f"vars/{system[0]}.yml", ansible_managed="managed", ansible_facts=facts(*system), **given)
    text = (COMMON / "templates" / template).read_text()
    # As the template module reads it.
    return str(of.copy_with_new_env().template(trust_as_template(text), escape_backslashes=False))


@pytest.mark.parametrize("system", KNOWN, ids="-".join)
@pytest.mark.parametrize("template", sorted(path.name for path in (COMMON / "templates").iterdir()))
def test_each_template_renders_for_each_system(template: str, system: tuple[str, str, str]) -> None:
    assert "managed" in rendered(template, system)


def test_security_updates_and_time_come_from_the_systems_own_places() -> None:
    debian, ubuntu = KNOWN[0], KNOWN[-1]
    updates = rendered("52unattended-upgrades-golden.j2", debian)
    assert '"origin=Debian,codename=${distro_codename}-security,label=Debian-Security";' in updates
    assert "Ubuntu" not in updates
    updates = rendered("52unattended-upgrades-golden.j2", ubuntu)
    assert '"origin=Ubuntu,archive=${distro_codename}-security,label=Ubuntu";' in updates
    assert "Debian" not in updates
    # What Ubuntu's own file allows besides would be added to what is asked for.
    assert "#clear Unattended-Upgrade::Allowed-Origins;" in updates
    assert "pool 2.debian.pool.ntp.org iburst" in rendered("chrony.conf.j2", debian)
    assert "pool ntp.ubuntu.com iburst" in rendered("chrony.conf.j2", ubuntu)


def test_what_an_image_names_is_taken_on_each_system() -> None:
    for system in KNOWN:
        text = rendered("52unattended-upgrades-golden.j2", system, common_security_updates_origins=["origin=Acme"])
        assert [line for line in text.splitlines() if "origin=" in line] == ['    "origin=Acme";']
        assert "pool" not in rendered("chrony.conf.j2", system, common_time_pools=[])


def test_arguments_can_be_checked_before_the_system_is_known() -> None:
    """Ansible checks them before the first task, when no file of a system was read."""
    of = templar("common")
    for name in ("common_time_pools", "common_security_updates_origins"):
        assert of.template(read(COMMON / "defaults/main.yml")[name]) == []


@pytest.mark.parametrize(
    ("system", "php", "theme"),
    [
        (KNOWN[0], "8.2", "twentytwentythree"),
        (KNOWN[1], "8.4", "twentytwentyfive"),
        (KNOWN[2], "8.1", "twentytwentyone"),
        (KNOWN[3], "8.3", "twentytwentyfour"),
    ],
)
def test_wordpress_has_the_php_and_the_theme_of_the_release(system: tuple[str, str, str], php: str, theme: str) -> None:
    of = templar("wordpress", ansible_facts=facts(*system))
    values = read(ROLES / "wordpress/vars/main.yml")
    assert of.template(values["__wordpress_php"]) == php
    packages = of.template(values["__wordpress_packages"])
    assert f"wordpress-theme-{theme}" in packages
    assert "nginx-light" in packages
