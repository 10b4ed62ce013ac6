# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API's state on disk: moto's backends, pickled.

A pickle runs code when it is read, so it lives in the state directory (0700) as a file of mode 0600 and nowhere else,
and only one's own is read. It is stamped with the versions that it was written by: other ones may not understand it.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import stat
import tempfile
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import moto
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_PRIVATE_KEYS = (RSAPrivateKey, EllipticCurvePrivateKey, Ed25519PrivateKey)

SCHEMA = 1
"""Counts up when our own classes change in a way that an older state does not fit."""
MAGIC = b"golden-cloud-state"

Backends = dict[str, dict[str, dict[str, Any]]]
"""Service → account → Region → backend."""


class StateError(Exception):
    """The state file can't be used; the text says why and what to do."""


class _Pickler(pickle.Pickler):
    """Knows what moto keeps that can't pickle itself: some dictionaries, the keys of KMS, and queues."""

    def reducer_override(self, obj: Any) -> Any:
        from moto.s3.utils import _VersionedKeyStore
        from moto.ssm.models import ParameterDict

        if isinstance(obj, _VersionedKeyStore):
            # pickle would ask its items, which are the last versions only.
            return (_rebuild_versions, (type(obj), dict(obj)))
        if isinstance(obj, ParameterDict):
            return (type(obj), (obj.account_id, obj.region_name), None, None, iter(dict.items(obj)))
        # Of moto's own classes only, which pickle cannot make again.
        # pylint: disable-next=unidiomatic-typecheck
        if isinstance(obj, defaultdict) and type(obj) is not defaultdict:
            return (_rebuild, (type(obj), obj.default_factory, dict(obj), obj.__dict__))
        if isinstance(obj, threading.Condition):
            # Of a queue; nobody waits for it while the state is written.
            return (threading.Condition, ())
        if isinstance(obj, _PRIVATE_KEYS):
            encryption = serialization.NoEncryption()
            der = obj.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, encryption)
            return (_load_private_key, (der,))
        return NotImplemented


def _load_private_key(der: bytes) -> Any:
    return serialization.load_der_private_key(der, None)


def _rebuild_versions(kind: type[dict[Any, Any]], versions: dict[Any, Any]) -> Any:
    made = kind()
    dict.update(made, versions)
    return made


def _rebuild(kind: type[defaultdict[Any, Any]], factory: Any, items: dict[Any, Any], attributes: dict[str, Any]) -> Any:
    made = kind.__new__(kind)
    made.default_factory = factory
    made.update(items)
    made.__dict__.update(attributes)
    return made


class StateFile:
    """One file; written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @staticmethod
    def dump(backends: Backends) -> bytes:
        """The state as bytes; only while nothing changes it."""
        buffer = io.BytesIO()
        _Pickler(buffer, protocol=5).dump(backends)
        return MAGIC + f"\n{SCHEMA} {moto.__version__}\n".encode() + buffer.getvalue()

    def write(self, document: bytes) -> None:
        """Replace the file; it is on disk when this returns."""
        descriptor, name = tempfile.mkstemp(prefix=".api-state-", dir=self._path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise

    def read(self) -> Backends | None:
        """What was saved; None when nothing was."""
        try:
            status = self._path.stat()
            document = self._path.read_bytes()
        except FileNotFoundError:
            return None
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise StateError(
                f"{self._path} must belong to the user who runs the local cloud and be readable by nobody else "
                "(mode 0600); it may have been put there by somebody else and is not read."
            )
        magic, _unused, rest = document.partition(b"\n")
        stamp, _unused, content = rest.partition(b"\n")
        if magic != MAGIC:
            raise StateError(f"{self._path} is not a state file of a local cloud. {self._remedy()}")
        expected = f"{SCHEMA} {moto.__version__}"
        if stamp.decode(errors="replace") != expected:
            raise StateError(
                f"{self._path} was written by other versions (schema and moto {stamp.decode(errors='replace')}, "
                f"here {expected}) and can't be read by these. {self._remedy()}"
            )
        try:
            loaded: Backends = pickle.loads(content)
        except Exception as error:  # a damaged pickle raises whatever it likes
            raise StateError(f"{self._path} is damaged ({error}). {self._remedy()}") from error
        return loaded

    @staticmethod
    def _remedy() -> str:
        return "Run `reset` to begin with an empty local cloud, or move the file away if you want to keep it."
