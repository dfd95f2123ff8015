"""Ports and addresses of the three services on this machine."""

import os
import socket
from collections.abc import Mapping

from infra.dev.processes import StartError

HOST = "127.0.0.1"
DEFAULT_PORTS = {"auth": 8001, "spaces": 8002, "creditbank": 8003}


def choose_ports(*, free: bool, environment: Mapping[str, str] = os.environ) -> dict[str, int]:
    """The port of each service: any free one, or AUTH_PORT, SPACES_PORT, CREDITBANK_PORT and their defaults.

    Raises StartError, naming the setting, when a port is no port or is taken.
    """
    if free:
        return _any_free()
    ports: dict[str, int] = {}
    for service, default in DEFAULT_PORTS.items():
        variable = f"{service.upper()}_PORT"
        text = environment.get(variable, "") or str(default)
        if not (text.isascii() and text.isdecimal()) or not 0 < int(text) < 65536:
            raise StartError(f"{variable}={text} is not a port: give a number from 1 to 65535")
        port = int(text)
        if port in ports.values():
            raise StartError(f"Port {port} is given to two services; choose another with {variable}")
        if _taken(port):
            raise StartError(
                f"Port {port}, wanted for {service}, is taken by another program. "
                f"Stop it, or choose another port: {variable}={port + 10000} make run"
            )
        ports[service] = port
    return ports


def _any_free() -> dict[str, int]:
    sockets = [socket.socket() for _ in DEFAULT_PORTS]
    try:
        for one in sockets:  # all open at once, so that they differ
            one.bind((HOST, 0))
        return dict(zip(DEFAULT_PORTS, (one.getsockname()[1] for one in sockets), strict=True))
    finally:
        for one in sockets:
            one.close()


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do after a restart
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise StartError(
                f"Port {port} needs rights this user does not have; ports from 1024 do not"
            ) from None
        except OSError:
            return True
    return False


def address(port: int) -> str:
    """The public address of a service in development."""
    return f"http://{HOST}:{port}"
