# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the command lines of the toolchain share: their options, and how they answer."""

from __future__ import annotations

import argparse
import json
import os
import sys
import typing as t
from pathlib import Path

from golden_toolchain import child
from golden_toolchain.choose import Request
from golden_toolchain.errors import ToolchainError

FILES = Path(__file__).resolve().parent.parent


def parser(prog: str, description: str | None, lock: str, site: str) -> argparse.ArgumentParser:
    """The options of a tool whose lock file has this name, and whose releases are on this site."""
    options = argparse.ArgumentParser(prog=prog, description=description)
    options.add_argument("verb", choices=["plan", "install"])
    options.add_argument("--cache", type=Path, required=True, help="directory that holds the installs")
    options.add_argument("--lock", type=Path, default=FILES / lock)
    options.add_argument("--method", choices=["auto", "release", "source", "system"], default="auto")
    options.add_argument("--release-url", default="", help=f"a mirror of {site}")
    options.add_argument("--release-timeout", type=float, default=3.0, help="seconds that auto waits for it")
    options.add_argument("--go", default="", help="the Go to compile with")
    options.add_argument("--nice", type=int, default=10)
    return options


def request(options: argparse.Namespace) -> Request:
    return Request(
        method=options.method,
        cache=options.cache.expanduser().absolute(),
        files=FILES,
        release_url=options.release_url,
        release_timeout=options.release_timeout,
        go=options.go,
        nice=options.nice,
        env=dict(os.environ),
    )


def answer(title: str, cache: Path, work: t.Callable[[], dict[str, t.Any]]) -> int:
    """Do it, and print the result; or say on standard error why it could not be done. Gives the exit status."""
    child.stop_on_signals()
    try:
        result = work()
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{title} could not be installed below {cache}: {error}", file=sys.stderr)
        return 1
    except child.Stopped as stopped:
        print(f"The install of {title} was {stopped}. Nothing was installed; run again to go on.", file=sys.stderr)
        return 1
    finally:
        child.stop_all()
    print(json.dumps(result))
    return 0


def progress_file(env: t.Mapping[str, str]) -> Path | None:
    name = env.get("GOLDEN_PROGRESS_FILE", "")
    return Path(name) if name else None
