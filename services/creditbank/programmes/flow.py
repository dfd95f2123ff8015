"""The cheapest way to send as much as possible through a network of capacities."""

from collections import deque
from typing import Final

#: more than any sum of amounts
UNLIMITED: Final = 1 << 60


class Network:
    """Arcs with whole capacities and costs between numbered nodes; at first no arcs form a circle."""

    def __init__(self, nodes: int) -> None:
        self._out: list[list[int]] = [[] for _ in range(nodes)]
        self._to: list[int] = []
        self._room: list[int] = []
        self._cost: list[int] = []

    def arc(self, start: int, end: int, capacity: int, cost: int = 0) -> int:
        """Add an arc; returns its number, by which `sent` knows it."""
        number = len(self._to)
        for here, there, room, price in ((start, end, capacity, cost), (end, start, 0, -cost)):
            self._out[here].append(len(self._to))
            self._to.append(there)
            self._room.append(room)
            self._cost.append(price)
        return number

    def sent(self, arc: int) -> int:
        """What goes over an arc."""
        return self._room[arc ^ 1]

    def send(self, source: int, sink: int) -> int:
        """Send as much as there is room for, at the least cost; returns how much.

        Successive cheapest paths (Ford and Fulkerson; costs may be negative, so by Bellman and Ford).
        """
        total = 0
        while (path := self._cheapest(source, sink)) is not None:
            amount = min(self._room[arc] for arc in path)
            for arc in path:
                self._room[arc] -= amount
                self._room[arc ^ 1] += amount
            total += amount
        return total

    def _cheapest(self, source: int, sink: int) -> list[int] | None:
        distance: list[int | None] = [None] * len(self._out)
        came_by = [-1] * len(self._out)
        distance[source] = 0
        waiting = deque([source])
        is_waiting = [False] * len(self._out)
        while waiting:
            here = waiting.popleft()
            is_waiting[here] = False
            so_far = distance[here]
            assert so_far is not None, "only reached nodes wait"
            for arc in self._out[here]:
                if not self._room[arc]:
                    continue
                there = self._to[arc]
                reached = so_far + self._cost[arc]
                known = distance[there]
                if known is None or reached < known:
                    distance[there] = reached
                    came_by[there] = arc
                    if not is_waiting[there]:
                        is_waiting[there] = True
                        waiting.append(there)
        if distance[sink] is None:
            return None
        path = []
        here = sink
        while here != source:
            path.append(came_by[here])
            here = self._to[came_by[here] ^ 1]
        return path
