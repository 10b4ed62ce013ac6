# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's own bridge: its addresses, and what it leaves in the host's packet filter.

Podman's netavark would remove the bridge with the last machine, and with it the addresses that
the server listens on. So the bridge is made beforehand, with one end of a virtual cable (the *keeper*) in it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import logging
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from golden_cloud.place import Place
from golden_cloud.ports import MachineError

log = logging.getLogger(__name__)

METADATA_ADDRESS = "169.254.169.254"
CREDENTIALS_ADDRESS = "169.254.170.2"
"""Where the containers of builds ask for their role's credentials, as those of ECS do."""
_POOL = ipaddress.IPv4Network("10.192.0.0/11")


def choose_subnet(tag: str, taken: Iterable[str]) -> str:
    """A free /24, the same one for the same cloud as long as nobody else takes it.

    *tag* (hex digits) decides where the search begins, so that two clouds that come up at
    the same time do not choose the same one. Raises ``MachineError`` when none is free.
    """
    used = list(taken)
    candidates = list(_POOL.subnets(new_prefix=24))
    start = int(tag, 16) % len(candidates)
    for candidate in candidates[start:] + candidates[:start]:
        if not collision(str(candidate), used):
            return str(candidate)
    raise MachineError(f"no /24 in {_POOL} is free for the local cloud: each collides with a route of this host")


def collision(subnet: str, taken: Iterable[str]) -> str | None:
    """The first of the networks *taken* that overlaps *subnet*."""
    ours = ipaddress.IPv4Network(subnet)
    for text in taken:
        other = ipaddress.ip_network(text, strict=False)
        if other.version == 4 and other.prefixlen and ours.overlaps(other):
            return text
    return None


def gateway(subnet: str) -> str:
    """The bridge's address: the first of the subnet."""
    return str(ipaddress.IPv4Network(subnet)[1])


def next_address(subnet: str, used: Iterable[str], last: str | None) -> str:
    """An address for a new machine: the one after *last*, so that addresses come back as late as possible.

    The first is any, so that the machines after a ``reset`` do not have the addresses, and with them in everybody's
    ``known_hosts`` the host keys, of those before it.
    """
    network = ipaddress.IPv4Network(subnet)
    pool = [str(network[number]) for number in range(10, 251)]
    taken = set(used)
    start = pool.index(last) + 1 if last in pool else secrets.randbelow(len(pool))
    for address in pool[start:] + pool[:start]:
        if address not in taken:
            return address
    raise MachineError(f"all {len(pool)} addresses of {subnet} are in use: terminate instances")


def mac(address: str) -> str:
    """The machine's hardware address, made of *address*: neighbours that remember it are never wrong."""
    return ":".join(["02", "67", *(f"{octet:02x}" for octet in ipaddress.IPv4Address(address).packed)])


def _ip(*args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    try:
        done = subprocess.run(["ip", *args], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise MachineError("the program ip is missing: install the package iproute2") from error
    if check and done.returncode:
        raise MachineError(f"ip {' '.join(args)} failed: {done.stderr.strip()}")
    return done


def host_networks(own_bridge: str) -> list[str]:
    """Networks that this host routes or has defined for podman, without those of *own_bridge*."""
    routes = json.loads(_ip("-json", "-4", "route", "show", "table", "all").stdout or "[]")
    found = [
        route["dst"]
        for route in routes
        if route.get("dst", "default") != "default"
        and route.get("dev") not in (own_bridge, "lo")
        and route.get("type", "unicast") == "unicast"
    ]
    for file in Path("/etc/containers/networks").glob("*.json"):
        try:
            found += [subnet["subnet"] for subnet in json.loads(file.read_text()).get("subnets") or []]
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("network definition %s is not readable: %s", file, error)
    return found


def outer_mtu() -> int:
    """Largest packet that leaves this host by its default route; a machine's must not be larger. Bytes."""
    routes = json.loads(_ip("-json", "-4", "route", "show", "default").stdout or "[]")
    device = routes[0]["dev"] if routes else ""
    return min(1500, _links().get(device, 1500))


def definition(place: Place, subnet: str, mtu: int) -> dict[str, object]:
    """The network as netavark's definition files have it.

    Written by ourselves, as ``podman network create`` cannot name the bridge before podman 4.5.
    """
    return {
        "name": place.bridge,
        "id": hashlib.sha256(place.bridge.encode()).hexdigest(),
        "driver": "bridge",
        "network_interface": place.bridge,
        "created": "2026-01-01T00:00:00Z",
        "subnets": [{"subnet": subnet, "gateway": gateway(subnet)}],
        "ipv6_enabled": False,
        "internal": False,
        "dns_enabled": False,
        "ipam_options": {"driver": "host-local"},
        "options": {"mtu": str(mtu)},
    }


def define(place: Place, subnet: str) -> None:
    """Tell podman of the network."""
    place.networks.mkdir(parents=True, exist_ok=True)
    (place.networks / f"{place.bridge}.json").write_text(json.dumps(definition(place, subnet, outer_mtu()), indent=1))


def raise_bridge(place: Place, subnet: str) -> None:
    """Have the bridge up with its addresses; changes nothing that is there."""
    links = _links()
    if place.bridge not in links:
        _ip("link", "add", place.bridge, "type", "bridge")
    if place.keeper not in links:
        _ip("link", "add", place.keeper, "type", "veth", "peer", "name", place.keeper_peer)
    _ip("link", "set", place.keeper, "master", place.bridge)
    addresses = _ip("-json", "-4", "address", "show", "dev", place.bridge).stdout
    has = {info["local"] for link in json.loads(addresses or "[]") for info in link.get("addr_info", [])}
    if gateway(subnet) not in has:
        _ip("address", "add", f"{gateway(subnet)}/24", "dev", place.bridge)
    _ip("link", "set", place.keeper_peer, "up")
    _ip("link", "set", place.keeper, "up")
    _ip("link", "set", place.bridge, "up")
    _let_out(subnet)


def _links() -> dict[str, int]:
    """The network devices, with their MTU in bytes; asked of the kernel, as /sys can be of another namespace."""
    return {link["ifname"]: link["mtu"] for link in json.loads(_ip("-json", "link", "show").stdout)}


def is_up(place: Place) -> bool:
    return place.bridge in _links()


def drop_keeper(place: Place) -> None:
    """Let the bridge go with the last machine."""
    if place.keeper in _links():
        _ip("link", "delete", place.keeper, check=False)


def lower_bridge(place: Place) -> None:
    """Remove the bridge and its keeper; those that are gone are no error."""
    links = _links()
    for link in (place.keeper, place.bridge):
        if link in links:
            _ip("link", "delete", link, check=False)


def _let_out(subnet: str) -> None:
    """Let machines reach the world, and the answers reach them.

    Netavark does so as well, for each network that it knows of; but with several podman storages on one host its rules
    for one of them have been seen to go when another's machine went, and then ``apt`` waits for ever.
    """
    for table, rule in (
        ("nat", ["POSTROUTING", "-s", subnet, "!", "-d", subnet, "-j", "MASQUERADE"]),
        ("filter", ["FORWARD", "-s", subnet, "-j", "ACCEPT"]),
        ("filter", ["FORWARD", "-d", subnet, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT"]),
    ):
        _have_rule(table, rule)


def _have_rule(table: str, rule: list[str]) -> None:
    if _iptables(table, "-C", *rule).returncode:
        done = _iptables(table, "-I", *rule)
        if done.returncode:
            raise MachineError(f"iptables -t {table} -I {' '.join(rule)} failed: {done.stderr.strip()}")


def admit(place: Place, subnet: str, port: int) -> None:
    """Let machines reach the API and the metadata service, at the bridge's own address and no other of the host's.

    Packets to the metadata addresses are turned to the bridge's own. They are not given to the bridge: a host that is
    an instance on AWS itself would lose its metadata service.
    """
    allow = ["INPUT", "-d", f"{gateway(subnet)}/32", "-i", place.bridge, "-p", "tcp", "-m", "multiport"]
    allow += ["--dports", f"80,{port}", "-j", "ACCEPT"]
    _have_rule("filter", allow)
    for address in (METADATA_ADDRESS, CREDENTIALS_ADDRESS):
        turn = ["PREROUTING", "-i", place.bridge, "-d", f"{address}/32", "-p", "tcp", "-m", "tcp"]
        _have_rule("nat", [*turn, "--dport", "80", "-j", "REDIRECT", "--to-ports", "80"])


def _iptables(table: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = ["iptables", "--wait", "-t", table, *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def rules_to_delete(listing: str, subnet: str, bridge: str) -> list[list[str]]:
    """Arguments of the iptables calls that remove what netavark left for *subnet*, in order.

    *listing* is ``iptables -S`` of one table. A rule is ours when it names our subnet or bridge; a chain is
    ours when such a rule jumps to it by its own name (``NETAVARK-<hash>``).
    """
    address = str(ipaddress.IPv4Network(subnet).network_address)
    rules = [line.split() for line in listing.splitlines() if line.startswith("-A ")]
    ours = [rule for rule in rules if any(word in (bridge, subnet, address, f"{address}/32") for word in rule)]
    chains = {
        word
        for rule in ours
        for word in (rule[1], *rule)
        if re.fullmatch(r"(NETAVARK|CNI)-[0-9A-F]{8,}|CNI-[0-9a-f]{8,}", word)
    }
    jumps = [rule for rule in rules if rule not in ours and rule[-1] in chains]
    removals = [["-D", *rule[1:]] for rule in [*jumps, *ours] if rule[1] not in chains]
    return removals + [["-F", chain] for chain in sorted(chains)] + [["-X", chain] for chain in sorted(chains)]


def clean_packet_filter(subnet: str, bridge: str) -> None:
    """Remove the rules that this cloud and its machines left in iptables."""
    if not shutil.which("iptables"):
        return
    for table in ("nat", "filter"):
        for arguments in rules_to_delete(_iptables(table, "-S").stdout, subnet, bridge):
            done = _iptables(table, *arguments)
            if done.returncode:
                log.warning("iptables -t %s %s: %s", table, " ".join(arguments), done.stderr.strip())
