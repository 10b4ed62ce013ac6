# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity: each of its tests that needs no container, and no file of exceptions.

Its virtual environments stay in a HOME of their own in the user's cache, so that only the first run makes them.
"""

from __future__ import annotations

import collections.abc as c
import configparser
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages
from collection_copy import copied_collection

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SKIPPED = {"pslint": "it needs PowerShell, and the collection has no PowerShell"}
# The slowest test has a process of its own.
ALONE = "pylint"

# ansible-test brings pip with a script from a host that is often out of reach; Python has pip with it.
GET_PIP = """\
import ensurepip
import subprocess
import sys

ensurepip.bootstrap()
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "-q", *wanted]))
"""


def pip_configuration(home: Path, environment: dict[str, str]) -> configparser.RawConfigParser:
    """How the user's pip reaches packages. ansible-test hands on no variable of the environment but HOME."""
    merged = configparser.RawConfigParser()
    merged.read([home / ".pip" / "pip.conf", home / ".config" / "pip" / "pip.conf"])
    given = {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in environment.items()
        if name.startswith("PIP_") and value
    }
    proxy = environment.get("HTTPS_PROXY") or environment.get("https_proxy")
    if proxy:
        given.setdefault("proxy", proxy)
    if given and not merged.has_section("global"):
        merged.add_section("global")
    for name, value in given.items():
        merged.set("global", name, value)
    return merged


def prepare(home: Path, user: Path) -> None:
    """Makes the HOME: the stand-in for get-pip under the name that this ansible-test looks for, and pip's settings."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Settings of pip may hold a password.
    home.chmod(0o700)
    version = get_venv_packages(SimpleNamespace(version=PYTHON))["pip"]
    script = home / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(GET_PIP)
    settings = home / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    with settings.open("w") as file:
        pip_configuration(user, dict(os.environ)).write(file)


def home_of_its_own() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "golden.ami" / "ansible-test"


def command(*arguments: str) -> list[str]:
    return ["ansible-test", "sanity", "--local", "--python", PYTHON, "--color", "no", *arguments]


def tests_of(collection: Path, environment: dict[str, str]) -> list[str]:
    listed = subprocess.run(
        command("--list-tests", "--allow-disabled"),
        cwd=collection,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return [test for test in listed.stdout.split() if test not in SKIPPED]


def make_environments(collection: Path, environment: dict[str, str], tests: list[str], home: Path) -> int:
    """Brings what is missing, one run at a time: another checkout may share the HOME."""
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        chosen = [option for test in tests for option in ("--test", test)]
        made = subprocess.run(
            command("--prime-venvs", "--allow-disabled", *chosen),
            cwd=collection,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if made.returncode:
        print(made.stdout)
    return made.returncode


def run(collection: Path, environment: dict[str, str], tests: list[str], files: c.Sequence[str] = ()) -> int:
    """Two processes at once, on files or on all; returns how many of them failed."""
    parts = [part for part in ([ALONE], [test for test in tests if test != ALONE]) if set(part) & set(tests)]
    running = []
    for part in parts:
        chosen = [option for test in part for option in ("--test", test)]
        running.append(
            subprocess.Popen(
                command("--allow-disabled", *chosen, *files),
                cwd=collection,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    failed = 0
    for process in running:
        output, _nothing = process.communicate()
        if process.returncode:
            failed += 1
            print(output)
    return failed


def main() -> int:
    """Runs the tests named as arguments, or all of them."""
    home = home_of_its_own()
    prepare(home, Path.home())
    environment = {**os.environ, "HOME": str(home)}
    with copied_collection() as collection:
        tests = sys.argv[1:] or tests_of(collection, environment)
        failed = make_environments(collection, environment, tests, home) or run(collection, environment, tests)
        files = sum(1 for path in collection.rglob("*") if path.is_file())
    for test, reason in SKIPPED.items():
        print(f"skipped: {test}, because {reason}")
    print(f"{len(tests)} tests on {files} files")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
