# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Door to the local cloud for Ansible and for people: finds or makes its Python environment, and runs it.

``python cloud.py look|venv`` tell and make what the cloud runs on; any other verb is golden_cloud's own:
``python cloud.py status``. Needs nothing but Python's standard library.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

FILES = Path(__file__).resolve().parent / "golden_cloud"
sys.path.insert(0, str(FILES))

from golden_cloud.progress import say

OLDEST, NEWEST = (3, 11), (3, 13)
"""Python versions that requirements.txt is locked for."""


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "golden.ami" / "local_cloud"


def covered(version: tuple[int, int]) -> bool:
    return OLDEST <= version <= NEWEST


def interpreter() -> tuple[str, tuple[int, int]]:
    """The Python to use, with its version: this one when the lock covers it, else the newest on PATH that it covers."""
    if covered(sys.version_info[:2]):
        return sys.executable, sys.version_info[:2]
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found, (3, minor)
    raise SystemExit(
        f"the local cloud needs Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}; this is"
        f" {sys.version_info[0]}.{sys.version_info[1]}, and no such python3.x is on PATH: install one"
    )


def directory(version: tuple[int, int]) -> Path:
    """The environment's place: another one for other requirements or another Python."""
    digest = hashlib.sha256((FILES / "requirements.txt").read_bytes() + b"%d.%d" % version).hexdigest()[:16]
    return cache() / digest


def ready(venv: Path) -> bool:
    """Whether the environment is whole, and this user's to use: the mark is written last."""
    return os.access(venv / ".complete", os.R_OK) and os.access(venv / "bin" / "python", os.X_OK)


def uv(python: str) -> str | None:
    """uv, next to the interpreter or on PATH."""
    beside = Path(python).parent / "uv"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("uv")


def install_commands(python: str, venv: Path, uv_path: str | None) -> list[list[str]]:
    """Commands that make the environment, each package checked against its hash."""
    lock = str(FILES / "requirements.txt")
    inside = str(venv / "bin" / "python")
    if uv_path:
        # uv leaves that to the first start; where Python is told not to write bytecode, every start would compile all of it.
        bytecode = ["--compile-bytecode"] if os.environ.get("PYTHONDONTWRITEBYTECODE") else []
        return [
            [uv_path, "venv", "--quiet", "--no-project", "--python", python, str(venv)],
            [uv_path, "pip", "install", "--quiet", *bytecode, "--python", inside, "--require-hashes", "-r", lock],
        ]
    return [
        [python, "-m", "venv", str(venv)],
        [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", lock],
    ]


def own_world() -> dict[str, str]:
    """The caller's environment without what shows pip the caller's packages: those would then be missing in ours."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}


def make() -> bool:
    """Have the environment; False when it was there. One process at a time; a broken one is made anew."""
    python, version = interpreter()
    venv = directory(version)
    if ready(venv):
        return False
    venv.parent.mkdir(parents=True, exist_ok=True)
    with (venv.parent / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if ready(venv):
            return False
        shutil.rmtree(venv, ignore_errors=True)
        say(f"making the local cloud's Python environment {venv}")
        for command in install_commands(python, venv, uv(sys.executable)):
            done = subprocess.run(
                command, env=own_world(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(
                    f"the local cloud's Python environment {venv} could not be made:"
                    f" {' '.join(command)} ended with status {done.returncode}:\n{done.stdout.strip()}"
                )
        (venv / ".complete").touch()
    return True


def look(name: str) -> dict[str, object]:
    """What there is, in well under a second: environment, host's programs, state of the cloud."""
    from golden_cloud import host, lifecycle_status, process
    from golden_cloud.place import Place

    _python, version = interpreter()
    status = lifecycle_status.status(Place.of(name))
    port = status["port"]
    return {
        "venv": str(directory(version)),
        "venv_ready": ready(directory(version)),
        "missing_packages": host.missing_programs() + missing_venv(directory(version)),
        "root": os.geteuid() == 0,
        "system": os.uname().sysname,
        "exists": Path(str(status["state_directory"])).exists(),
        "up": bool(status["running"] and isinstance(port, int) and process.answers(port)),
        "base_images": base_images(Path(str(status["state_directory"]))),
        "status": status,
    }


def missing_venv(venv: Path) -> list[str]:
    """Debian's package that makes an environment, where one is to be made: its Python comes without ensurepip."""
    if ready(venv) or uv(sys.executable) or importlib.util.find_spec("ensurepip"):
        return []
    return ["python3-venv"]


def base_images(state: Path) -> list[str]:
    """Keys of the base images in the cloud's storage, such as debian-12, read from podman's own list of images."""
    try:
        images = json.loads((state / "storage" / "overlay-images" / "images.json").read_text())
    except (OSError, ValueError):
        return []
    names = [name for image in images for name in image.get("names") or []]
    return [name.partition("/base:")[2].rpartition("-")[0] for name in names if "/base:" in name]


def main() -> None:
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb == "look":
        print(json.dumps(look(sys.argv[2])))
    elif verb == "venv":
        print(json.dumps({"changed": make()}))
    else:
        hand_over(verb)


def hand_over(verb: str) -> NoReturn:
    """Become golden_cloud."""
    _python, version = interpreter()
    venv = directory(version)
    if verb in ("up", "serve"):
        from golden_cloud import host

        # Before anything is downloaded for a cloud that cannot be.
        if problem := host.problem():
            raise SystemExit(problem)
        if not ready(venv):
            make()
    python = str(venv / "bin" / "python") if ready(venv) else sys.executable
    os.environ["PYTHONPATH"] = str(FILES)
    os.execv(python, [python, "-m", "golden_cloud", *sys.argv[1:]])


if __name__ == "__main__":
    main()
