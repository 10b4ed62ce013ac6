# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make, tell and forget what makes this instance's WordPress its own.

Runs on the instance, as root, with nothing but Python's standard library.

    setup   at every boot: make the salts and the database's password where there are none, create the local database,
            and write what PHP reads
    status  say, a line each, what is there that must not be in an image; used by the role sysprep
    reset   forget all of it, the site's content too

The image holds none of it. State is kept in the state directory: ``state.json`` (root only) is what was made, and
``secrets.php`` (readable for the web server) is made from it and from the environment file, again at every boot.
"""

from __future__ import annotations

import argparse
import contextlib
import grp
import json
import os
import re
import secrets
import shlex
import shutil
import string
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = Path("/etc/golden/wordpress.json")
INSTANCE_ID = Path("/var/lib/cloud/data/instance-id")
SALTS = (
    "AUTH_KEY",
    "SECURE_AUTH_KEY",
    "LOGGED_IN_KEY",
    "NONCE_KEY",
    "AUTH_SALT",
    "SECURE_AUTH_SALT",
    "LOGGED_IN_SALT",
    "NONCE_SALT",
)
DATABASE = ("HOST", "PORT", "NAME", "USER", "PASSWORD")
NAME = re.compile(r"[A-Za-z0-9_$-]{1,64}")


class SetupError(Exception):
    """What cannot be done, and what to do about it."""


@dataclass(frozen=True)
class Settings:
    """What the role decided; nothing secret."""

    database: str
    database_host: str
    database_port: int
    database_name: str
    database_user: str
    environment_file: Path
    new_instance: str
    state_directory: Path
    group: str

    @classmethod
    def read(cls, path: Path = SETTINGS) -> Settings:
        """Read the role's file; old Ansible makes numbers text."""
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        raw["database_port"] = int(raw["database_port"])
        raw["environment_file"] = Path(raw["environment_file"])
        raw["state_directory"] = Path(raw["state_directory"])
        return cls(**raw)

    @property
    def state_file(self) -> Path:
        """What was made here."""
        return self.state_directory / "state.json"

    @property
    def secrets_file(self) -> Path:
        """What PHP reads."""
        return self.state_directory / "secrets.php"


# --- decisions --------------------------------------------------------------------------------------------------------


def parse_environment(text: str) -> dict[str, str]:
    """Read KEY=VALUE lines, quoted as in a shell; the prefix WORDPRESS_ is taken off."""
    known = {*SALTS, *(f"DATABASE_{name}" for name in DATABASE)}
    values = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = shlex.split(line.removeprefix("export "), comments=True)
        if not words:
            continue
        key, separator, value = words[0].partition("=")
        key = key.removeprefix("WORDPRESS_")
        if len(words) != 1 or not separator or key not in known:
            raise SetupError(f"line {number} is not one of WORDPRESS_{', WORDPRESS_'.join(sorted(known))}=value")
        values[key] = value
    return values


def make_state(old: dict[str, Any], instance: str, on_new_instance: str) -> dict[str, Any]:
    """Keep what was made before; make what is missing, or everything for a new instance where that is wanted."""
    moved = bool(old) and bool(instance) and old.get("instance") != instance
    salts = {} if moved and on_new_instance == "rotate" else dict(old.get("salts", {}))
    password = None if moved and on_new_instance == "rotate" else old.get("password")
    return {
        "instance": instance or old.get("instance", ""),
        "made": old.get("made") or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "salts": {name: salts.get(name) or random_text(64) for name in SALTS},
        "password": password or random_text(32),
    }


def random_text(length: int) -> str:
    """Letters and digits: safe in PHP, SQL and a shell alike; 64 of them hold 381 bits."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _unused in range(length))


def constants(settings: Settings, state: dict[str, Any], environment: dict[str, str]) -> dict[str, str]:
    """What PHP is told, by constant."""
    values = {name: environment.get(name, state["salts"][name]) for name in SALTS}
    values["DB_NAME"] = environment.get("DATABASE_NAME", settings.database_name)
    values["DB_USER"] = environment.get("DATABASE_USER", settings.database_user)
    if settings.database == "local":
        return values | {"DB_HOST": "localhost", "DB_PASSWORD": state["password"]}
    host = environment.get("DATABASE_HOST", settings.database_host)
    password = environment.get("DATABASE_PASSWORD", "")
    missing = [name for name, value in (("HOST", host), ("PASSWORD", password)) if not value]
    if missing:
        raise SetupError(
            f"the external database needs WORDPRESS_DATABASE_{' and WORDPRESS_DATABASE_'.join(missing)} in "
            f"{settings.environment_file} (user data can write it); then: systemctl restart golden-wordpress"
        )
    port = environment.get("DATABASE_PORT", str(settings.database_port))
    return values | {"DB_HOST": f"{host}:{port}", "DB_PASSWORD": password}


def php(values: dict[str, str]) -> str:
    """PHP source that defines the constants."""
    lines = ["<?php", "// Made by golden-wordpress.service at every boot. Changes are lost."]
    for name, value in values.items():
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        lines.append(f"define('{name}', '{quoted}');")
    return "\n".join(lines) + "\n"


def sql(name: str, user: str, password: str) -> str:
    """Statements that make database and account, or give an old account a new password."""
    for value in (name, user):
        if not NAME.fullmatch(value):
            raise SetupError(f"{value!r} cannot name a database or an account: use letters, digits, _, $ and -")
    account = f"'{user}'@'localhost'"
    return (
        f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4;\n"
        f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{password}';\n"
        f"ALTER USER {account} IDENTIFIED BY '{password}';\n"
        f"GRANT ALL PRIVILEGES ON `{name}`.* TO {account};\n"
    )


# --- calls ------------------------------------------------------------------------------------------------------------


def read_environment(path: Path) -> dict[str, str]:
    """The environment file of this boot, closed to others than root."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    os.chmod(path, 0o600)
    try:
        return parse_environment(text)
    except (SetupError, ValueError) as error:
        raise SetupError(f"{path}: {error}") from error


def read_state(path: Path) -> dict[str, Any]:
    """What an earlier boot made."""
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise SetupError(f"{path} is damaged ({error}); restore it, or delete it to make new secrets") from error
    return state


def read_instance() -> str:
    """Cloud-init's id of this instance, or nothing where there is no cloud-init."""
    with contextlib.suppress(OSError):
        return INSTANCE_ID.read_text(encoding="utf-8").strip()
    return ""


def write(path: Path, text: str, mode: int, group: str = "root") -> None:
    """Write a file as a whole or not at all, and never readable for more than its readers."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fchown(stream.fileno(), 0, grp.getgrnam(group).gr_gid)
        os.fchmod(stream.fileno(), mode)
        os.fsync(stream.fileno())
    temporary.replace(path)


def ask_mariadb(statements: str) -> str:
    """Send statements as root through the socket; the password goes through a pipe, never through argv."""
    argv = ["mariadb", "--protocol=socket", "--user=root", "--batch", "--skip-column-names"]
    for _unused in range(30):
        done = subprocess.run(argv, input=statements, check=False, capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            return done.stdout
        if "Can't connect" not in done.stderr:
            break
        time.sleep(1)
    raise SetupError(f"MariaDB refused: {done.stderr.strip()[-500:]}; see: systemctl status mariadb")


def setup(settings: Settings) -> None:
    """Make what is missing, and write what PHP reads."""
    environment = read_environment(settings.environment_file)
    state = make_state(read_state(settings.state_file), read_instance(), settings.new_instance)
    values = constants(settings, state, environment)
    settings.state_directory.mkdir(mode=0o750, exist_ok=True)
    os.chmod(settings.state_directory, 0o750)
    os.chown(settings.state_directory, 0, grp.getgrnam(settings.group).gr_gid)
    write(settings.state_file, json.dumps(state, indent=2) + "\n", 0o600)
    if settings.database == "local":
        ask_mariadb(sql(values["DB_NAME"], values["DB_USER"], values["DB_PASSWORD"]))
    write(settings.secrets_file, php(values), 0o640, settings.group)


def local_database(settings: Settings) -> list[str]:
    """Which of database and account exist on this machine's server, if it has one that runs."""
    if settings.database != "local" or not shutil.which("mariadb"):
        return []
    name, user = settings.database_name, settings.database_user
    sql(name, user, "")
    return ask_mariadb(
        f"SELECT 'database {name}' FROM information_schema.schemata WHERE schema_name = '{name}';\n"
        f"SELECT 'database account {user}' FROM mysql.user WHERE user = '{user}' AND host = 'localhost';\n"
    ).splitlines()


def status(settings: Settings) -> None:
    """Say what is there that must not be in an image."""
    files = (settings.state_file, settings.secrets_file, settings.environment_file)
    for line in [str(path) for path in files if path.exists()] + local_database(settings):
        print(line)


def reset(settings: Settings) -> None:
    """Forget secrets and database."""
    if local_database(settings):
        ask_mariadb(
            f"DROP DATABASE IF EXISTS `{settings.database_name}`;\n"
            f"DROP USER IF EXISTS '{settings.database_user}'@'localhost';\n"
        )
    for path in (settings.state_file, settings.secrets_file, settings.environment_file):
        path.unlink(missing_ok=True)


def main() -> int:
    """Do what is asked, or say what to do about it."""
    parser = argparse.ArgumentParser(description="Make, tell and forget what makes this instance's WordPress its own.")
    parser.add_argument("verb", choices=["setup", "status", "reset"])
    verb = {"setup": setup, "status": status, "reset": reset}[parser.parse_args().verb]
    try:
        verb(Settings.read())
    except (SetupError, OSError, subprocess.TimeoutExpired) as error:
        print(f"golden-wordpress: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
