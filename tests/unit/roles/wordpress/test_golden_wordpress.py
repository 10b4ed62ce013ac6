# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What golden-wordpress decides, without a server; whole machines are molecule's."""

from __future__ import annotations

import dataclasses
import json
import stat
import sys
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "roles" / "wordpress" / "files"))

import golden_wordpress as wordpress
from golden_wordpress import SALTS, Settings, SetupError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        database="local",
        database_host="",
        database_port=3306,
        database_name="wordpress",
        database_user="wordpress",
        environment_file=tmp_path / "wordpress.env",
        new_instance="keep",
        state_directory=tmp_path / "state",
        group="www-data",
    )


@pytest.fixture
def external(settings: Settings) -> Settings:
    return dataclasses.replace(settings, database="external", database_host="db.example")


def test_settings_of_the_role(tmp_path: Path, settings: Settings) -> None:
    raw = {**dataclasses.asdict(settings), "database_port": "3307"}
    path = tmp_path / "wordpress.json"
    path.write_text(json.dumps(raw, default=str))
    assert Settings.read(path) == dataclasses.replace(settings, database_port=3307)
    assert Settings.read(path).state_file == tmp_path / "state" / "state.json"


def test_environment_is_read_as_a_shell_would() -> None:
    text = """
    # a comment
    export WORDPRESS_DATABASE_HOST=db.example
    WORDPRESS_DATABASE_PASSWORD='it is $ecret # really'
    AUTH_KEY="with \\"quotes\\""
    WORDPRESS_DATABASE_PORT=
    """
    assert wordpress.parse_environment("\n".join(line.strip() for line in text.splitlines())) == {
        "DATABASE_HOST": "db.example",
        "DATABASE_PASSWORD": "it is $ecret # really",
        "AUTH_KEY": 'with "quotes"',
        "DATABASE_PORT": "",
    }


@pytest.mark.parametrize("line", ["PATH=/bin", "WORDPRESS_DATABASE_HOST", "AUTH_KEY=two words", "WORDPRESS_TYPO=1"])
def test_environment_mistakes_name_the_line_but_no_value(line: str) -> None:
    with pytest.raises(SetupError, match="line 2 is not one of WORDPRESS_") as caught:
        wordpress.parse_environment(f"# first\n{line}\n")
    assert "two words" not in str(caught.value)


def test_environment_file_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "wordpress.env"
    assert wordpress.read_environment(path) == {}
    path.write_text("WORDPRESS_DATABASE_HOST=x\n")
    path.chmod(0o644)
    assert wordpress.read_environment(path) == {"DATABASE_HOST": "x"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("WORDPRESS_DATABASE_PASSWORD='no end\n")
    with pytest.raises(SetupError, match="wordpress.env: "):
        wordpress.read_environment(path)


def test_state_is_made_once_and_kept() -> None:
    first = wordpress.make_state({}, "i-1", "keep")
    assert set(first["salts"]) == set(SALTS)
    made = [*first["salts"].values(), first["password"]]
    assert len(set(made)) == len(SALTS) + 1, "no two are the same"
    assert all(value.isalnum() for value in made)
    assert {len(value) for value in first["salts"].values()} == {64}
    assert wordpress.make_state(first, "i-1", "keep") == first
    assert wordpress.make_state(first, "i-1", "rotate") == first, "a reboot is no new instance"
    assert wordpress.make_state(first, "", "rotate") == first, "nor is a machine without cloud-init"


def test_a_new_instance_keeps_or_rotates() -> None:
    first = wordpress.make_state({}, "i-1", "keep")
    kept = wordpress.make_state(first, "i-2", "keep")
    assert kept == {**first, "instance": "i-2"}
    rotated = wordpress.make_state(first, "i-2", "rotate")
    assert rotated["password"] != first["password"]
    assert not set(rotated["salts"].values()) & set(first["salts"].values())


def test_missing_salts_are_added() -> None:
    first = wordpress.make_state({}, "i-1", "keep")
    less = {**first, "salts": {name: value for name, value in first["salts"].items() if name != "NONCE_SALT"}}
    again = wordpress.make_state(less, "i-1", "keep")
    assert len(again["salts"].pop("NONCE_SALT")) == 64
    assert again["salts"] == less["salts"]


def test_damaged_state_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert wordpress.read_state(path) == {}
    path.write_text("{")
    with pytest.raises(SetupError, match="state.json is damaged .* restore it, or delete it to make new secrets"):
        wordpress.read_state(path)


STATE: dict[str, t.Any] = {"salts": {name: f"made-{name}" for name in SALTS}, "password": "made-password"}


def test_constants_of_a_local_database(settings: Settings) -> None:
    values = wordpress.constants(settings, STATE, {"AUTH_KEY": "given", "DATABASE_NAME": "blog"})
    assert (values["AUTH_KEY"], values["NONCE_KEY"]) == ("given", "made-NONCE_KEY")
    assert (values["DB_NAME"], values["DB_USER"]) == ("blog", "wordpress")
    assert (values["DB_HOST"], values["DB_PASSWORD"]) == ("localhost", "made-password")


def test_constants_of_an_external_database(external: Settings) -> None:
    values = wordpress.constants(external, STATE, {"DATABASE_PASSWORD": "given"})
    assert (values["DB_HOST"], values["DB_PASSWORD"]) == ("db.example:3306", "given")
    environment = {"DATABASE_HOST": "other", "DATABASE_PORT": "3307", "DATABASE_PASSWORD": "given"}
    assert wordpress.constants(external, STATE, environment)["DB_HOST"] == "other:3307"


def test_what_an_external_database_lacks_is_told_at_once(external: Settings) -> None:
    nowhere = dataclasses.replace(external, database_host="")
    with pytest.raises(SetupError) as caught:
        wordpress.constants(nowhere, STATE, {})
    message = str(caught.value)
    assert "WORDPRESS_DATABASE_HOST and WORDPRESS_DATABASE_PASSWORD in" in message
    assert "systemctl restart golden-wordpress" in message
    assert "made-password" not in message, "the local password never goes to another host"


def test_php_cannot_be_broken_out_of() -> None:
    lines = wordpress.php({"DB_PASSWORD": "a'); system('id'); //\\", "AUTH_KEY": "plain"}).splitlines()
    assert lines[0] == "<?php"
    assert lines[2:] == ["define('DB_PASSWORD', 'a\\'); system(\\'id\\'); //\\\\');", "define('AUTH_KEY', 'plain');"]


def test_sql_gives_an_old_account_the_new_password() -> None:
    statements = wordpress.sql("word-press", "wp_1", "secret").splitlines()
    assert statements == [
        "CREATE DATABASE IF NOT EXISTS `word-press` CHARACTER SET utf8mb4;",
        "CREATE USER IF NOT EXISTS 'wp_1'@'localhost' IDENTIFIED BY 'secret';",
        "ALTER USER 'wp_1'@'localhost' IDENTIFIED BY 'secret';",
        "GRANT ALL PRIVILEGES ON `word-press`.* TO 'wp_1'@'localhost';",
    ]


@pytest.mark.parametrize("name", ["", "a`b", "a'b", "a b", "x" * 65, "ä", "a\n"])
def test_names_that_sql_is_not_given(name: str) -> None:
    for pair in ((name, "ok"), ("ok", name)):
        with pytest.raises(SetupError, match="cannot name a database or an account"):
            wordpress.sql(*pair, "secret")


def test_status_names_what_must_not_be_in_an_image(external: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    wordpress.status(external)
    assert capsys.readouterr().out == ""
    external.state_directory.mkdir()
    external.state_file.write_text("{}")
    external.environment_file.write_text("")
    wordpress.status(external)
    assert capsys.readouterr().out.splitlines() == [str(external.state_file), str(external.environment_file)]
    wordpress.reset(external)
    wordpress.status(external)
    assert capsys.readouterr().out == ""
    wordpress.reset(external)
