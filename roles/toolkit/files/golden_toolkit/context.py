# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a build of the image sees: the tools, laid out for the Containerfile in a directory of the build's own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
import typing as t
from pathlib import Path

from golden_toolkit import ways
from golden_toolkit.parts import Parts


@dataclasses.dataclass(frozen=True)
class Tools:
    """Where the role golden.ami.packer has brought the tools."""

    packer: Path
    plugins: Path
    goss: Path

    @property
    def arguments(self) -> dict[str, str]:
        """Names of the directories that hold them, by the Containerfile's arguments: the role looks for the same."""
        return {"PACKER": _home(self.packer).name, "GOSS": _home(self.goss).name}


def _home(executable: Path) -> Path:
    return executable.parent.parent


@contextlib.contextmanager
def laid_out(parts: Parts, tools: Tools, beside: Path, host: t.Mapping[str, str]) -> t.Iterator[Path]:
    """The directory, gone afterwards: ``context`` is what is sent, beside it the secrets of the build are.

    *beside* is on the file system that the tools are on, so that nothing is copied.
    """
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".toolkit-", dir=beside) as made:
        work = Path(made)
        context = work / "context"
        context.mkdir()
        _link(parts.root / "taskw", context / "taskw")
        _link(parts.root / "requirements" / "run.txt", context / "run.txt")
        _lay(context / "packer", tools.packer, {"plugins": tools.plugins})
        _lay(context / "goss", tools.goss, {})
        (work / "ways").touch(0o600)
        (work / "ways").write_text(ways.exports(host), encoding="utf-8")
        bundle = ways.certificates(host)
        (work / "certificates").write_bytes(Path(bundle).read_bytes() if bundle else b"")
        yield work


def _lay(target: Path, executable: Path, directories: dict[str, Path]) -> None:
    """An install as the role keeps it. One that the system brought has no stamp, and is recognised on PATH."""
    _link(executable, target / "bin" / executable.name)
    stamp = _home(executable) / "installed.json"
    if stamp.is_file():
        _link(stamp, target / "installed.json")
    for name, source in directories.items():
        shutil.copytree(source, target / name, copy_function=_link)


def _link(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(os.path.realpath(source), target)
    except OSError:
        shutil.copy2(source, target)
