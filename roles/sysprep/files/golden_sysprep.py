# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a machine fit to be copied, and check that it is.

Runs on the machine itself, needs nothing but Python's standard library, and prints one JSON object.

    clean   remove what belongs to this one machine or to whoever built it, then check
    check   only look

One table (``TOPICS``) says what is looked for and how it is mended, so cleaning and checking cannot disagree about a
place; on top of it ``check`` reads file contents for keys that nobody expected (``SCANS``).

Deleting the keys of the session that runs this is the last thing done: everything is checked in the same call, because
a connection without a master may not come back.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import fnmatch
import glob
import json
import os
import re
import shutil
import stat
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HISTORIES = (
    ".bash_history", ".zsh_history", ".sh_history", ".ash_history", ".history", ".python_history", ".mysql_history",
    ".mariadb_history", ".psql_history", ".sqlite_history", ".rediscli_history", ".node_repl_history", ".lesshst",
    ".viminfo", ".wget-hsts", ".local/share/fish/fish_history", ".local/state/bash/history",
)  # fmt: skip

CREDENTIALS = (
    ".aws", ".azure", ".config/gcloud", ".config/gh", ".config/git/credentials", ".config/containers/auth.json",
    ".docker", ".git-credentials", ".gnupg/private-keys-v1.d", ".kube", ".my.cnf", ".mylogin.cnf", ".netrc", ".npmrc",
    ".pgpass", ".pypirc", ".terraform.d/credentials.tfrc.json", ".terraformrc", ".vault-token", ".vault_pass*",
    ".ssh/id_*", ".ssh/*.pem", ".ssh/*.key", ".ssh/known_hosts*", ".ssh/environment",
)  # fmt: skip

SYSTEM_CREDENTIALS = ("/etc/golden/*.env", "/run/golden/*.env", "/etc/ansible/vault*", "/root/anaconda-ks.cfg")

# Written by a living system at any moment: emptied, never counted as a change, and judged by their size.
LIVE_LOGS = ("wtmp", "btmp", "lastlog", "audit/audit.log")
RSYSLOG_LOGS = ("syslog", "messages", "*.log", "debug")

ROTATED = re.compile(r"(\.\d+|-\d{8}|\.gz|\.xz|\.bz2|\.zst|\.old)$")
EMPTY_DIRECTORIES = (".X11-unix", ".ICE-unix", ".XIM-unix", ".font-unix", ".Test-unix")
SCANNED = ("/etc", "/root", "/home", "/opt", "/srv", "/usr/local", "/var/www", "/var/lib")
NOT_SCANNED = ("/var/lib/dpkg", "/var/lib/apt", "/var/lib/mysql", "/var/lib/containers", "/var/lib/docker")
SCAN_LIMIT = 256 * 1024
SCANS = {
    "private_key": re.compile(rb"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----", re.MULTILINE),
    "aws_key": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{9}(?!EXAMPLE)[0-9A-Z]{7}\b"),
    "token": re.compile(rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})\b"),
}


@dataclass(frozen=True)
class Settings:
    """What the role decided. Paths in ``allow`` and ``extra_paths`` may be globs."""

    skip: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    extra_paths: tuple[str, ...] = ()
    password_accounts: tuple[str, ...] = ()
    keep_when_local: tuple[str, ...] = ()
    log_limit: int = 65536
    hooks: str = "/usr/local/lib/golden/sysprep.d"
    cloud_init_timeout: int = 300

    @classmethod
    def parse(cls, text: str) -> Settings:
        """Read the base64 JSON that the role passes (it survives any quoting); old Ansible makes numbers text."""
        raw: dict[str, Any] = json.loads(base64.b64decode(text))
        raw.update({key: int(raw[key]) for key in ("log_limit", "cloud_init_timeout") if key in raw})
        raw.update({key: tuple(value) for key, value in raw.items() if isinstance(value, list)})
        return cls(**raw)


@dataclass(frozen=True)
class Finding:
    """Something that must not be in an image. A ``live`` one fills again by itself: mended, but neither change nor fault."""

    path: str
    what: str = ""
    live: bool = False

    def __str__(self) -> str:
        return f"{self.path} ({self.what})" if self.what else self.path


@dataclass(frozen=True)
class Topic:
    """A kind of thing to look for, and how to mend one of them."""

    name: str
    find: Callable[[Machine], Iterator[Finding]]
    mend: Callable[[Finding], None]


@dataclass
class Machine:
    """The machine as this run sees it."""

    settings: Settings
    homes: list[Path] = field(default_factory=list)
    own: Path = field(default_factory=lambda: Path(os.path.realpath(__file__)))
    local: bool = False

    @classmethod
    def here(cls, settings: Settings) -> Machine:
        """Look at this machine."""
        return cls(settings=settings, homes=home_directories(), local=ansible_runs_here())

    def spared(self, path: Path) -> bool:
        """Whether a path is needed by this very run, or allowed by the role's variables."""
        real = path.resolve()
        if real == self.own or real in self.own.parents:
            return True
        if any(fnmatch.fnmatch(str(path), pattern) for pattern in self.settings.allow):
            return True
        return self.local and any(overlaps(real, Path(kept)) for kept in self.settings.keep_when_local)


def overlaps(one: Path, other: Path) -> bool:
    """Whether one path is the other, or contains it."""
    return one == other or one in other.parents or other in one.parents


def home_directories() -> list[Path]:
    """Root's, every account's and every directory below /home, once each."""
    homes = [Path("/root"), *Path("/home").glob("*")]
    for line in Path("/etc/passwd").read_text(encoding="utf-8", errors="replace").splitlines():
        home = (line.split(":") + [""] * 6)[5]
        if home.count("/") > 1 and not home.startswith(("/usr/", "/run/", "/dev/", "/proc/", "/bin")):
            homes.append(Path(home))
    return [home for home in dict.fromkeys(homes) if home.is_dir()]


def ansible_runs_here() -> bool:
    """Whether Ansible's control side is an ancestor of this process: then its own files are still needed."""
    pid = os.getppid()
    while pid > 1:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        if b"ansible-playbook" in command or b"ansible-pull" in command:
            return True
        pid = int(status.split("PPid:")[1].split()[0])
    return False


# --- finding ----------------------------------------------------------------------------------------------------------


def matching(*patterns: str) -> Iterator[Path]:
    """What exists (dangling links too) by globs, sorted so that two runs agree."""
    for pattern in patterns:
        for name in sorted(glob.glob(pattern)):
            yield Path(name)


def paths(*patterns: str) -> Callable[[Machine], Iterator[Finding]]:
    """Make a finder of globs."""

    def find(_machine: Machine) -> Iterator[Finding]:
        for path in matching(*patterns):
            yield Finding(str(path))

    return find


def in_homes(*patterns: str) -> Callable[[Machine], Iterator[Finding]]:
    """Make a finder of globs below every home directory."""

    def find(machine: Machine) -> Iterator[Finding]:
        for home in machine.homes:
            for path in matching(*(f"{glob.escape(str(home))}/{pattern}" for pattern in patterns)):
                yield Finding(str(path))

    return find


def chain(*finders: Callable[[Machine], Iterator[Finding]]) -> Callable[[Machine], Iterator[Finding]]:
    """One finder of several."""

    def find(machine: Machine) -> Iterator[Finding]:
        for finder in finders:
            yield from finder(machine)

    return find


def find_extra(machine: Machine) -> Iterator[Finding]:
    """What the image's author named."""
    for path in matching(*machine.settings.extra_paths):
        yield Finding(str(path))


def find_hooks(machine: Machine) -> Iterator[Finding]:
    """What other roles left for the first boot: a program of theirs in the hook directory says so, a line each."""
    for hook in matching(f"{machine.settings.hooks}/*"):
        done = run_hook(hook, "status")
        for line in done.stdout.splitlines():
            yield Finding(str(hook), line.strip())
        if done.returncode != 0 and not done.stdout.strip():
            yield Finding(str(hook), f"status failed: {done.stderr.strip()[-300:]}")


def find_cloud_init(_machine: Machine) -> Iterator[Finding]:
    """Anything but empty directories below /var/lib/cloud, and network settings that it wrote for this machine."""
    for directory, _unused, names in os.walk("/var/lib/cloud"):
        for name in sorted(names):
            yield Finding(f"{directory}/{name}")
    for link in matching("/var/lib/cloud/instance", "/var/lib/cloud/instances/*"):
        yield Finding(str(link))
    yield from paths(
        "/etc/netplan/50-cloud-init.yaml",
        "/etc/network/interfaces.d/50-cloud-init*",
        "/etc/systemd/network/10-cloud-init-*",
        "/etc/udev/rules.d/70-persistent-net.rules",
    )(_machine)


def find_logs(machine: Machine) -> Iterator[Finding]:
    """Every log that is not empty; those of a living system count above the limit only."""
    for directory, names, files in os.walk("/var/log"):
        if directory == "/var/log" and "journal" in names:
            names.remove("journal")
        for name in sorted(files):
            yield from judge_log(machine, Path(directory, name))
    for path in matching("/var/lib/wtmpdb/*.db", "/var/lib/lastlog/*.db"):
        yield from judge_log(machine, path)


def judge_log(machine: Machine, path: Path) -> Iterator[Finding]:
    """Say what is wrong with one log."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if ROTATED.search(path.name):
        yield Finding(str(path), "rotated log")
    elif stat.S_ISREG(found.st_mode) and found.st_size > 0:
        size = min(found.st_size, found.st_blocks * 512)
        live = is_live_log(path) and size <= machine.settings.log_limit
        yield Finding(str(path), f"log of {found.st_size} bytes", live=live)


def is_live_log(path: Path) -> bool:
    """Whether the running system writes this log at any time."""
    if path.suffix == ".db":
        return True
    name = str(path.relative_to("/var/log"))
    patterns = LIVE_LOGS + (RSYSLOG_LOGS if Path("/run/rsyslogd.pid").exists() else ())
    return any(name == pattern or ("/" not in name and fnmatch.fnmatch(name, pattern)) for pattern in patterns)


def find_machine_id(_machine: Machine) -> Iterator[Finding]:
    """An id that every copy would share."""
    machine_id = Path("/etc/machine-id")
    if machine_id.exists() and machine_id.read_bytes().strip() not in (b"", b"uninitialized"):
        yield Finding(str(machine_id))
    dbus = Path("/var/lib/dbus/machine-id")
    if dbus.is_file() and not dbus.is_symlink():
        yield Finding(str(dbus))


def find_tmp(machine: Machine) -> Iterator[Finding]:
    """Temporary files, but for sockets and private directories of running services."""
    for path in (*matching("/tmp/*", "/tmp/.[!.]*"), *matching("/var/tmp/*", "/var/tmp/.[!.]*")):
        if path.name.startswith(("systemd-private-", "snap-private-tmp")):
            continue
        if path.name in EMPTY_DIRECTORIES and path.is_dir():
            continue
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode) and not machine.spared(path):
                yield Finding(str(path))


def find_ansible(machine: Machine) -> Iterator[Finding]:
    """What Ansible left in home directories, but for the run that is going on."""
    for home in machine.homes:
        base = glob.escape(f"{home}/.ansible")
        if machine.local and Path(f"{home}/.ansible").is_dir():
            continue
        for path in matching(f"{base}/*", f"{base}/tmp/*", f"{base}_async/*"):
            if path != home / ".ansible/tmp" and not machine.spared(path):
                yield Finding(str(path))


def find_passwords(machine: Machine) -> Iterator[Finding]:
    """Accounts that open with a password, or with none at all."""
    for line in Path("/etc/shadow").read_text(encoding="utf-8", errors="replace").splitlines():
        name, secret = (line.split(":") + [""])[:2]
        if not secret.startswith(("*", "!")) and name not in machine.settings.password_accounts:
            yield Finding(f"/etc/shadow: {name}", "a password is set" if secret else "an empty password is set")


def find_contents(machine: Machine) -> Iterator[Finding]:
    """Private keys, AWS keys and tokens in places where nobody looks for them."""
    for base in SCANNED:
        for directory, names, files in os.walk(base):
            names[:] = [name for name in names if f"{directory}/{name}" not in NOT_SCANNED]
            for name in sorted(files):
                path = Path(directory, name)
                for what in secrets_in(path):
                    yield Finding(str(path), what)


def secrets_in(path: Path) -> Iterator[str]:
    """Which kinds of secrets a small regular file holds."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or not 0 < found.st_size <= SCAN_LIMIT:
            return
        content = path.read_bytes()
    except OSError:
        return
    for what, pattern in SCANS.items():
        if pattern.search(content):
            yield what


# --- mending ----------------------------------------------------------------------------------------------------------


def remove(finding: Finding) -> None:
    """Delete a file, a link or a tree."""
    path = Path(finding.path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def empty(finding: Finding) -> None:
    """Leave the file, with its owner and mode, but nothing in it."""
    os.truncate(finding.path, 0)


def mend_log(finding: Finding) -> None:
    """Rotated logs and databases go, others are emptied: their writers hold them open."""
    if ROTATED.search(finding.path) or finding.path.endswith(".db"):
        remove(finding)
    else:
        empty(finding)


def mend_machine_id(finding: Finding) -> None:
    """An empty file makes systemd choose a new id, without the presets of a very first boot."""
    if finding.path == "/etc/machine-id":
        empty(finding)
    else:
        remove(finding)


def mend_journal(finding: Finding) -> None:
    """Let journald write to memory until the next boot, then delete what it wrote to disk."""
    subprocess.run(["journalctl", "--relinquish-var"], check=False, capture_output=True, timeout=60)
    remove(finding)


def mend_apt(finding: Finding) -> None:
    """Delete, and make the lists look old: their directory's age is what tools take for the lists' age."""
    remove(finding)
    os.utime("/var/lib/apt/lists", (0, 0))


def mend_random_seed(finding: Finding) -> None:
    """Delete the seed, and keep the shutdown of this machine from saving a new one into the image."""
    drop_in = Path("/run/systemd/system/systemd-random-seed.service.d/golden-sysprep.conf")
    if not drop_in.exists() and Path("/run/systemd/system").is_dir():
        drop_in.parent.mkdir(parents=True, exist_ok=True)
        drop_in.write_text("[Service]\nExecStop=\n", encoding="utf-8")
        subprocess.run(["systemctl", "daemon-reload"], check=False, capture_output=True, timeout=60)
    remove(finding)


def mend_hook(finding: Finding) -> None:
    """Let the program that knows forget what was made on first boot."""
    done = run_hook(Path(finding.path), "reset")
    if done.returncode != 0:
        raise SystemExit(f"{finding.path} reset failed with {done.returncode}: {done.stderr.strip()[-500:]}")


def run_hook(hook: Path, verb: str) -> subprocess.CompletedProcess[str]:
    """Run a hook: a Python file, or anything executable."""
    argv = ["/usr/bin/python3", str(hook), verb] if hook.suffix == ".py" else [str(hook), verb]
    return subprocess.run(argv, check=False, capture_output=True, text=True, timeout=120)


# In this order. The keys of the session that runs this come last.
TOPICS = (
    Topic("hooks", find_hooks, mend_hook),
    Topic("extra_paths", find_extra, remove),
    Topic("cloud_init", find_cloud_init, remove),
    Topic("histories", in_homes(*HISTORIES), remove),
    Topic("credentials", chain(in_homes(*CREDENTIALS), paths(*SYSTEM_CREDENTIALS)), remove),
    Topic("tls_keys", paths("/etc/ssl/private/ssl-cert-snakeoil.key"), remove),
    Topic("caches", in_homes(".cache/*"), remove),
    Topic("mail", paths("/var/mail/*"), remove),
    Topic("crashes", paths("/var/crash/*", "/var/lib/systemd/coredump/*"), remove),
    Topic("backups", paths("/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-", "/etc/subuid-",
                           "/etc/subgid-", "/var/backups/*"), remove),
    Topic("leases", paths("/var/lib/dhcp/*", "/var/lib/dhcpcd/*.lease*", "/var/lib/NetworkManager/*.lease",
                          "/var/lib/NetworkManager/secret_key"), remove),
    Topic("agents", paths("/var/lib/amazon/ssm/*", "/var/lib/amazon/ssm/.[!.]*", "/var/lib/landscape/client/*",
                          "/var/lib/whoopsie/whoopsie-id"), remove),
    # The tokens, and the sources that are refused without them; a machine that is attached has both again.
    Topic("ubuntu_pro", paths("/var/lib/ubuntu-advantage/private/*", "/var/lib/ubuntu-advantage/machine-token.json",
                              "/etc/apt/auth.conf.d/90ubuntu-advantage", "/etc/apt/sources.list.d/ubuntu-esm-*"), remove),
    Topic("apt", paths("/var/lib/apt/lists/*_*", "/var/lib/apt/lists/partial/*", "/var/cache/apt/archives/*.deb",
                       "/var/cache/apt/archives/partial/*", "/var/cache/apt/*.bin", "/var/lib/apt/periodic/*stamp"),
          mend_apt),
    Topic("ansible", find_ansible, remove),
    Topic("tmp", find_tmp, remove),
    Topic("journal", paths("/var/log/journal/*"), mend_journal),
    Topic("logs", find_logs, mend_log),
    Topic("random_seed", paths("/var/lib/systemd/random-seed", "/var/lib/urandom/random-seed",
                               "/var/lib/systemd/credential.secret", "/boot/efi/loader/random-seed",
                               "/var/cache/pollinate/seeded"), mend_random_seed),
    Topic("machine_id", find_machine_id, mend_machine_id),
    Topic("authorized_keys", chain(in_homes(".ssh/authorized_keys*"), paths("/etc/ssh/authorized_keys*/*")), remove),
    Topic("host_keys", paths("/etc/ssh/ssh_host_*"), remove),
)  # fmt: skip

# Found, but not mended: only the image's author can know what they are for.
SCAN_TOPICS = (
    ("passwords", find_passwords),
    ("secrets", find_contents),
)


def wanted(machine: Machine, name: str, find: Callable[[Machine], Iterator[Finding]]) -> list[Finding]:
    """The findings of one topic, unless it is switched off."""
    if name in machine.settings.skip:
        return []
    return list(dict.fromkeys(finding for finding in find(machine) if not machine.spared(Path(finding.path))))


def clean(machine: Machine, dry_run: bool) -> list[str]:
    """Mend everything, and say what was changed."""
    changes = []
    for topic in TOPICS:
        for finding in wanted(machine, topic.name, topic.find):
            if not dry_run:
                topic.mend(finding)
            if not finding.live:
                changes.append(f"{topic.name}: {finding}")
    if not dry_run and "cloud_init" not in machine.settings.skip:
        prune_directories(Path("/var/lib/cloud"))
    return changes


def prune_directories(base: Path) -> None:
    """Remove directories that hold nothing, but for those that a seed is put into."""
    for directory, _unused, _unused in os.walk(base, topdown=False):
        if Path(directory) != base and "seed" not in Path(directory).relative_to(base).parts:
            with contextlib.suppress(OSError):
                os.rmdir(directory)


def check(machine: Machine) -> list[str]:
    """Everything that should not be there, all at once."""
    looks = [(topic.name, topic.find) for topic in TOPICS] + list(SCAN_TOPICS)
    return [f"{name}: {finding}" for name, find in looks for finding in wanted(machine, name, find) if not finding.live]


def summary(changes: list[str]) -> str:
    """How many of which kind, in the order of the work."""
    counts = Counter(change.split(":")[0] for change in changes)
    return ", ".join(f"{kind} {count}" for kind, count in counts.items())


def wait_for_cloud_init(timeout: int) -> None:
    """Cloud-init may still be at work, and would write again what is removed here.

    Its result is a link to a file that is removed here too: that the link is there says that it is done.
    """
    end = time.monotonic() + timeout
    run = Path("/run/cloud-init")
    while (run / "enabled").exists() and not os.path.lexists(run / "result.json") and time.monotonic() < end:
        time.sleep(0.5)


def main() -> None:
    """Read the arguments, do it, print what was done."""
    parser = argparse.ArgumentParser(description="Make a machine fit to be copied, and check that it is.")
    parser.add_argument("verb", choices=["clean", "check"])
    parser.add_argument("--settings", default=base64.b64encode(b"{}").decode(), help="base64 of a JSON object")
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, remove nothing")
    arguments = parser.parse_args()
    settings = Settings.parse(arguments.settings)
    machine = Machine.here(settings)
    changes: list[str] = []
    if arguments.verb == "clean":
        wait_for_cloud_init(settings.cloud_init_timeout)
        changes = clean(machine, arguments.dry_run)
    print(json.dumps({"changes": changes, "summary": summary(changes), "findings": check(machine)}))


if __name__ == "__main__":
    main()
