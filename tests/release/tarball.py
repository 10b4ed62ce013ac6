# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the collection's tarball of what git tracks, and hold its list of files against git's.

python tests/release/tarball.py [DIRECTORY]
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
# By the first part of the path. galaxy.yml says the same by patterns (build_ignore); here it is said a second time, by
# names, so that a slip in one of them is seen.
SHIPPED = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "LICENSES",
    "README.md",
    "REUSE.toml",
    "changelogs",
    "docs",
    "inventories",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}
# What a checkout is worked on with. The tests need the rest of it, so they stay as well.
KEPT_BACK = {
    ".ansible-lint",
    ".ci",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".yamllint",
    "Taskfile.yml",
    "ansible.cfg",
    "antsibull-nox.toml",
    "buildspec.yml",
    "extensions",
    "galaxy.yml",
    "mypy.ini",
    "noxfile.py",
    "pytest.ini",
    "requirements",
    "ruff.toml",
    "taskw",
    "tests",
}
# ansible-galaxy makes them of galaxy.yml and the files.
MADE = {"MANIFEST.json", "FILES.json"}
# What a tarball says of a file: whether it may be executed, and the SHA-256 of its content.
Listed = tuple[bool, str]


def git(checkout: Path, *arguments: str) -> str:
    argv = ["git", "-C", str(checkout), *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def tracked(checkout: Path) -> list[str]:
    """The paths that git tracks and that are there, relative to the checkout."""
    paths = git(checkout, "ls-files", "-z").split("\0")
    return sorted(path for path in paths if path and (checkout / path).is_file())


def undecided(paths: list[str]) -> list[str]:
    """First parts of paths of which nobody has said whether they belong into the tarball."""
    return sorted({path.partition("/")[0] for path in paths} - SHIPPED - KEPT_BACK)


def shipped(paths: list[str]) -> list[str]:
    return [path for path in paths if path.partition("/")[0] in SHIPPED]


def copy(checkout: Path, paths: list[str], to: Path) -> None:
    """Copy the files, with their modes, to an empty directory."""
    for path in paths:
        target = to / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / path, target, follow_symlinks=False)


def expected(checkout: Path, paths: list[str]) -> dict[str, Listed]:
    """What the tarball has to hold, by path."""
    return {path: described(checkout / path) for path in shipped(paths)}


def described(file: Path) -> Listed:
    return bool(file.stat().st_mode & stat.S_IXUSR), hashlib.sha256(file.read_bytes()).hexdigest()


def listed(tarball: Path) -> dict[str, Listed]:
    """What the tarball holds, by path. What is neither a file nor a directory is there with the name of its kind."""
    found = {}
    with tarfile.open(tarball) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                digest = hashlib.sha256(content.read()).hexdigest()
                found[member.name] = (bool(member.mode & stat.S_IXUSR), digest)
            elif not member.isdir():
                found[member.name] = (False, f"a special file of type {member.type!r}")
    return found


def differences(wanted: dict[str, Listed], found: dict[str, Listed]) -> list[str]:
    """One line for each file that lacks, is too much, or is another one than git's. An empty list: they are the same."""
    lines = [f"{path}: lacks" for path in sorted(wanted.keys() - found.keys())]
    lines += [f"{path}: lacks" for path in sorted(MADE - found.keys())]
    lines += [f"{path}: does not belong in there" for path in sorted(found.keys() - wanted.keys() - MADE)]
    for path in sorted(wanted.keys() & found.keys()):
        if wanted[path][1] != found[path][1]:
            lines.append(f"{path}: another content than in the checkout")
        elif wanted[path][0] != found[path][0]:
            lines.append(f"{path}: {'no longer' if wanted[path][0] else 'suddenly'} executable")
    return lines


def build(source: Path, to: Path) -> Path:
    """Have ansible-galaxy build the collection that lies in ``source``. Gives the tarball."""
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="golden-build-", dir=to) as alone:
        argv = [
            str(Path(sys.executable).parent / "ansible-galaxy"),
            "collection",
            "build",
            "--output-path",
            alone,
            str(source),
        ]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, cwd=source)
        (made,) = Path(alone).glob("*.tar.gz")
        return Path(shutil.move(made, to / made.name))


def release(checkout: Path, to: Path) -> Path:
    """The tarball of what git tracks in the checkout, with its list of files checked.

    Raises SystemExit with one line for each file that is not as it should be; then there is no tarball.
    """
    paths = tracked(checkout)
    new = undecided(paths)
    if new:
        raise SystemExit(f"say in {Path(__file__).name} whether this belongs in the tarball: {', '.join(new)}")
    with tempfile.TemporaryDirectory(prefix="golden-release-") as clean:
        copy(checkout, paths, Path(clean))
        # Before it is built, and of the copy: somebody may edit the checkout in the meantime.
        wanted = expected(Path(clean), paths)
        tarball = build(Path(clean), to)
    wrong = differences(wanted, listed(tarball))
    if wrong:
        tarball.unlink()
        raise SystemExit("\n".join([f"{tarball.name} is not what git tracks:", *wrong]))
    return tarball


def main() -> None:
    to = Path(sys.argv[1] if len(sys.argv) > 1 else CHECKOUT / ".cache" / "release")
    changed = git(CHECKOUT, "status", "--porcelain", "--untracked-files=no").splitlines()
    tarball = release(CHECKOUT, to)
    if changed:
        print(f"With changes that are not committed, in {len(changed)} files.")
    print(
        f"{os.path.relpath(tarball)}: {len(listed(tarball))} files, as git tracks them; {tarball.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
