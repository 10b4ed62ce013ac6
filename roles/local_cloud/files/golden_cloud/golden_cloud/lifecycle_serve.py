# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server process: API, metadata service and machines together."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType

from golden_cloud import leftovers, process, settings, timings
from golden_cloud.lifecycle import podman_of
from golden_cloud.machines import network
from golden_cloud.machines.builders import PodmanBuilders
from golden_cloud.machines.imds import MetadataServer
from golden_cloud.machines.machines import PodmanMachines
from golden_cloud.machines.registry import DebianRegistry
from golden_cloud.place import Place

log = logging.getLogger(__name__)


def serve(place: Place, port: int) -> int:
    """Run until TERM or INT; everything is saved then, and the machines go on running."""
    logging.basicConfig(
        stream=sys.stderr,
        level=os.environ.get("GOLDEN_CLOUD_LOG", "INFO").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    known = settings.load(place)
    if not known:
        log.error("the cloud was never up: use the verb up")
        return 1
    process.write_record(place.process_file, port, ready=False)
    done = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        log.info("signal %d: ending", number)
        done.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _run(place, known, port, done)
    return 0


def _run(place: Place, known: settings.Settings, port: int, done: threading.Event) -> None:
    # Imported here, as it loads moto: verbs other than serve stay quick.
    from golden_cloud.api import create_app
    from golden_cloud.ports import Config, InstanceMetadata
    from golden_cloud.server import Server

    leftovers.recover(place, podman_of(place))
    leftovers.mark_boot(place)
    network.define(place, known.subnet)
    network.raise_bridge(place, known.subnet)
    network.admit(place, known.subnet, port)
    gateway = network.gateway(known.subnet)
    machines = PodmanMachines(place, known.subnet, known.account_id)
    machines.resume()
    builders = PodmanBuilders(machines, os.environ)
    builders.clear()
    config = Config(
        name=place.name,
        state_directory=place.state,
        access_key=known.access_key,
        secret_key=known.secret_key,
        region=known.region,
        account_id=known.account_id,
        port=port,
        gateway=gateway,
        timings=timings.from_environment(os.environ),
    )
    registry = DebianRegistry(place)
    app = create_app(config, machines, builders, registry)
    app.load()

    def about(address: str) -> InstanceMetadata | None:
        return app.instance_metadata(address, machines.instance_at(address))

    metadata = MetadataServer(place.bridge, gateway, about, app.container_credentials)
    # On the bridge only: the address of a bridge is otherwise answered on every interface of the host.
    api = Server(app.wsgi, [("127.0.0.1", port), (gateway, port)], devices={gateway: place.bridge})
    metadata.start()
    api.start()
    process.write_record(place.process_file, port, ready=True)
    log.info("listening on 127.0.0.1:%d and %s:%d", port, gateway, port)
    try:
        done.wait()
    finally:
        registry.close()
        api.stop()
        metadata.stop()
        app.save()
        app.close()
        machines.close()
        place.process_file.unlink(missing_ok=True)
