# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make base images when they are first needed, once for all clouds of a user."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from golden_cloud.machines.own_images import OwnImage
from golden_cloud.machines.podman import Podman, PodmanError
from golden_cloud.machines.recipes import ARCHITECTURES, BUILD, DEBIAN_OWNER, RECIPES, Recipe, machine, mmdebstrap_argv
from golden_cloud.ports import BaseImage, MachineError, stable_image_id

_DULL = (
    "I: running --",
    "I: running special hook",
    "I: automatically",
    "I: chroot",
    "I: finding",
    "I: using",
    "I: removing",
)

Say = Callable[[str], None]


def reference(recipe: Recipe) -> str:
    """Where podman keeps the image."""
    return f"localhost/golden-cloud/base:{recipe.key}-{recipe.digest}"


def describe(recipe: Recipe) -> BaseImage:
    """The image as EC2 shows it, under the names that Debian's own AMIs have."""
    return _described(recipe, machine())


@functools.cache
def _described(recipe: Recipe, arch: str) -> BaseImage:
    """Nearly every call to the API asks for it, and to hash a recipe takes its time."""
    name = f"debian-{recipe.release}-{arch}-{recipe.snapshot}"
    day = recipe.snapshot[:8]
    return BaseImage(
        key=recipe.key,
        image_id=stable_image_id(name),
        name=name,
        owner_id=DEBIAN_OWNER,
        owner_alias=None,
        architecture=ARCHITECTURES[arch],
        description=f"Debian {recipe.release} ({day}-{recipe.snapshot[9:]})",
        creation_date=f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00.000Z",
        root_device_name="/dev/xvda",
        volume_size=8,
        ssm_parameters=(f"/aws/service/debian/release/{recipe.release}/latest/{arch}",),
        image_ref=reference(recipe),
    )


def by_reference(image_ref: str) -> Recipe | None:
    """The recipe behind a reference, None when it is no base image of ours."""
    return next((recipe for recipe in RECIPES if reference(recipe) == image_ref), None)


def by_key(key: str) -> Recipe:
    """The recipe called *key*, of machines or of builds; ``MachineError`` naming those that exist."""
    for recipe in (*RECIPES, BUILD):
        if recipe.key == key:
            return recipe
    raise MachineError(f"there is no base image {key!r}; there are {', '.join(r.key for r in (*RECIPES, BUILD))}")


@contextmanager
def _locked(file: Path, say: Say) -> Iterator[None]:
    """Only one process at a time makes a given image; the others wait for it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is making it: waiting")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Progress:
    """What is being made now, in a file that ``status`` reads; removed when it is done."""

    def __init__(self, file: Path, key: str, say: Say) -> None:
        self.file, self.key, self.say = file, key, say
        self.started = time.time()

    def __call__(self, step: str) -> None:
        self.say(f"{self.key}: {step}")
        record = {"key": self.key, "step": step, "started": self.started, "pid": os.getpid()}
        fresh = self.file.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(record))
        fresh.replace(self.file)

    def done(self) -> None:
        self.file.unlink(missing_ok=True)


def in_progress(cache: Path) -> list[dict[str, object]]:
    """Base images that a living process is making now: key, step, started."""
    found = []
    for file in sorted(cache.glob("*.making")):
        try:
            record = json.loads(file.read_text())
            os.kill(record["pid"], 0)
        except (OSError, ValueError, KeyError):
            continue
        found.append(record)
    return found


def ensure(recipe: Recipe, podman: Podman, cache: Path, say: Say) -> bool:
    """Have the image in the cloud's storage: from the cache when it is there, else made from packages.

    False when it was there.
    """
    if podman.image_exists(reference(recipe)):
        return False
    with _locked(cache / f"{recipe.key}.lock", say):
        if podman.image_exists(reference(recipe)):
            return False
        progress = Progress(cache / f"{recipe.key}.making", recipe.key, say)
        try:
            tarball = _tarball(recipe, cache, progress)
            progress("importing into the cloud's storage")
            began = time.monotonic()
            podman.run("import", "--quiet", "--change", 'CMD=["/sbin/init"]', str(tarball), reference(recipe))
            progress(f"imported in {time.monotonic() - began:.1f} s")
            _forget_older(recipe, podman)
        finally:
            progress.done()
    return True


def ensure_own(image: OwnImage, podman: Podman, cache: Path, say: Say) -> bool:
    """Have an image of the user's own in the cloud's storage; False when it was there."""
    if podman.image_exists(image.reference):
        return False
    with _locked(cache / f"{image.image_id}.lock", say):
        if podman.image_exists(image.reference):
            return False
        progress = Progress(cache / f"{image.image_id}.making", image.name, say)
        try:
            progress(f"bringing {image.source}")
            told = podman.text(*image.pull_arguments(), timeout=3600)
            if not image.is_archive:
                podman.run("tag", told.splitlines()[-1], image.reference)
        except PodmanError as error:
            raise MachineError(
                f"image {image.name} could not be brought from {image.source}: {error.stderr}"
            ) from error
        finally:
            progress.done()
    return True


def _forget_older(recipe: Recipe, podman: Podman) -> None:
    """Take the name from what an older recipe made; what still uses its layers keeps them."""
    listed = podman.text("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines()
    for name in listed:
        if name.startswith(f"localhost/golden-cloud/base:{recipe.key}-") and name != reference(recipe):
            podman.run("untag", name)


def _tarball(recipe: Recipe, cache: Path, say: Say) -> Path:
    """The root file system in the cache; an unfinished one never has this name."""
    tarball = cache / f"{recipe.key}-{recipe.digest}.tar"
    if tarball.exists():
        return tarball
    if not shutil.which("mmdebstrap"):
        raise MachineError(f"cannot make the base image {recipe.key}: install the package mmdebstrap")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f".{recipe.key}-", dir=cache) as work:
        _make(recipe, Path(work), cache / f"{recipe.key}.log", say)
        (Path(work) / "root.tar").replace(tarball)
    # A cloud that still runs with the recipe before this one can go on.
    for old in sorted(cache.glob(f"{recipe.key}-*.tar"), key=lambda file: file.stat().st_mtime)[:-2]:
        old.unlink()
    say(f"made in {time.monotonic() - began:.0f} s, {tarball.stat().st_size // 1_000_000} MB")
    return tarball


def _make(recipe: Recipe, work: Path, log: Path, say: Say) -> None:
    """Run mmdebstrap, telling its steps and keeping all it says in *log*."""
    (work / "cloud.cfg").write_text(recipe.cloud_config)
    (work / "debian.sources").write_text(recipe.sources)
    (work / "finish").write_text(recipe.finish)
    work.chmod(0o755)
    argv = mmdebstrap_argv(recipe, str(work), str(work / "root.tar"), os.environ.get("GOLDEN_CLOUD_DEBIAN_MIRROR"))
    say(f"making it from Debian's packages (about a minute; log: {log})")
    with (
        log.open("w") as out,
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_environment(), text=True) as run,
    ):
        for line in run.stdout or ():
            out.write(line)
            out.flush()
            if line.startswith("I: ") and not line.startswith(_DULL):
                say(line[3:].strip())
    if run.returncode:
        last = " | ".join(log.read_text(errors="replace").splitlines()[-5:])
        raise MachineError(
            f"base image {recipe.key} could not be made: mmdebstrap ended with status {run.returncode}: {last}"
            f" (whole log: {log}; can this host reach deb.debian.org?)"
        )


def _environment() -> dict[str, str]:
    """The environment of mmdebstrap: a proxy of the host's apt is used for downloading, never put into the image."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    if "http_proxy" not in environment and shutil.which("apt-config"):
        argv = ["apt-config", "shell", "PROXY", "Acquire::http::Proxy"]
        told = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
        if told.startswith("PROXY='") and told != "PROXY=''":
            environment["http_proxy"] = told.removeprefix("PROXY='").removesuffix("'")
    return environment
