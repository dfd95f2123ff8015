"""Ports: free ones, chosen ones, and the words for a taken one."""

import socket

import pytest

from infra.dev.addresses import choose_ports
from infra.dev.processes import StartError

NONE: dict[str, str] = {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_free_ports_differ() -> None:
    assert len(set(choose_ports(free=True).values())) == 3


def test_ports_come_from_the_environment() -> None:
    chosen = {name: free_port() for name in ("auth", "spaces", "creditbank")}
    environment = {f"{name.upper()}_PORT": str(port) for name, port in chosen.items()}
    assert choose_ports(free=False, environment=environment) == chosen


def test_a_taken_port_is_named_with_the_setting_that_changes_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StartError, match=rf"Port {port}, wanted for auth.*AUTH_PORT=\d+ make run"):
            choose_ports(free=False, environment={"AUTH_PORT": str(port)})


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "８００１", "8001 "])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(StartError, match="AUTH_PORT"):
        choose_ports(free=False, environment={"AUTH_PORT": text})


def test_one_port_for_two_services_is_refused() -> None:
    port = str(free_port())
    with pytest.raises(StartError, match="two services"):
        choose_ports(free=False, environment={"AUTH_PORT": port, "SPACES_PORT": port})
