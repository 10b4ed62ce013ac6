# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's network: free, its own, and removed to the last rule."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_cloud.machines import network
from golden_cloud.place import Place
from golden_cloud.ports import MachineError

NAT = """\
-P POSTROUTING ACCEPT
-N NETAVARK-1D8721804F16F
-N NETAVARK-AABBCCDDEEFF0
-N NETAVARK-HOSTPORT-MASQ
-A POSTROUTING -j NETAVARK-HOSTPORT-MASQ
-A POSTROUTING -s 10.88.0.0/16 -j NETAVARK-1D8721804F16F
-A POSTROUTING -s 10.200.7.0/24 -j NETAVARK-AABBCCDDEEFF0
-A NETAVARK-1D8721804F16F -d 10.88.0.0/16 -j ACCEPT
-A NETAVARK-1D8721804F16F ! -d 224.0.0.0/4 -j MASQUERADE
-A NETAVARK-AABBCCDDEEFF0 -d 10.200.7.0/24 -j ACCEPT
-A NETAVARK-AABBCCDDEEFF0 ! -d 224.0.0.0/4 -j MASQUERADE
"""


def test_a_subnet_collides_with_nothing_the_host_routes() -> None:
    first = network.choose_subnet("00000000", [])
    assert network.choose_subnet("00000000", [first]) != first
    assert network.choose_subnet("00000000", ["10.192.0.0/12"]).startswith("10.208.")


def test_clouds_begin_their_search_in_different_places() -> None:
    assert network.choose_subnet("00000001", []) != network.choose_subnet("00000002", [])


def test_a_host_without_room_is_told() -> None:
    with pytest.raises(MachineError, match="no /24"):
        network.choose_subnet("00000000", ["10.0.0.0/8"])


def test_addresses_come_back_as_late_as_possible() -> None:
    assert network.next_address("10.200.7.0/24", [], "10.200.7.20") == "10.200.7.21"
    assert network.next_address("10.200.7.0/24", ["10.200.7.21"], "10.200.7.20") == "10.200.7.22"
    assert network.next_address("10.200.7.0/24", [], "10.200.7.250") == "10.200.7.10"


def test_a_full_network_is_told() -> None:
    used = [f"10.200.7.{number}" for number in range(10, 251)]
    with pytest.raises(MachineError, match="terminate instances"):
        network.next_address("10.200.7.0/24", used, None)


def test_an_address_always_has_the_same_hardware_address() -> None:
    assert network.mac("10.200.7.21") == "02:67:0a:c8:07:15"


def test_only_the_clouds_own_rules_are_removed() -> None:
    removals = network.rules_to_delete(NAT, "10.200.7.0/24", "gc-1")
    assert removals == [
        ["-D", "POSTROUTING", "-s", "10.200.7.0/24", "-j", "NETAVARK-AABBCCDDEEFF0"],
        ["-F", "NETAVARK-AABBCCDDEEFF0"],
        ["-X", "NETAVARK-AABBCCDDEEFF0"],
    ]


def test_machines_are_admitted_to_one_address_and_the_rules_are_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, list[list[str]]] = {}
    monkeypatch.setattr(network, "_have_rule", lambda table, rule: made.setdefault(table, []).append(rule))
    where = Place("default", tmp_path, tmp_path)
    network.admit(where, "10.200.7.0/24", 4599)
    (allow,) = made["filter"]
    assert allow[:5] == ["INPUT", "-d", "10.200.7.1/32", "-i", where.bridge]
    assert "80,4599" in allow
    network._let_out("10.200.7.0/24")
    for table, rules in made.items():
        listing = "".join(f"-A {' '.join(rule)}\n" for rule in rules)
        removals = network.rules_to_delete(listing, "10.200.7.0/24", where.bridge)
        assert removals == [["-D", *rule] for rule in rules], table


def test_rules_of_the_bridge_are_removed() -> None:
    listing = "-A INPUT -i gc-1 -p tcp -j ACCEPT\n-A INPUT -i gc-12 -p tcp -j ACCEPT\n"
    assert network.rules_to_delete(listing, "10.200.7.0/24", "gc-1") == [
        ["-D", "INPUT", "-i", "gc-1", "-p", "tcp", "-j", "ACCEPT"]
    ]
