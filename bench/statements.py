"""Statements for the bench: what players of videos and quizzes tell, a kilobyte each, none like another.

Who, what and how often is drawn as in records of open courses: few verbs and activities, many learners, a
context with parent and category, extensions in most.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

LEARNERS: Final = 2_000
_VIDEO: Final = "https://w3id.org/xapi/video"
_ADL: Final = "http://adlnet.gov/expapi"
_VERBS: Final = {
    f"{_VIDEO}/verbs/played": 29,
    f"{_VIDEO}/verbs/paused": 28,
    f"{_VIDEO}/verbs/seeked": 13,
    f"{_ADL}/verbs/interacted": 12,
    f"{_ADL}/verbs/initialized": 6,
    f"{_ADL}/verbs/answered": 6,
    f"{_ADL}/verbs/completed": 4,
    f"{_ADL}/verbs/terminated": 2,
}
_ACTIVITIES: Final = 60
_COURSES: Final = 5
#: of as many statements, on average, one registration is
_A_REGISTRATION: Final = 100
_BEGAN: Final = datetime(2026, 9, 1, tzinfo=UTC)


class Statements:
    """Draws statements; the same `seed` draws the same, `of` keeps apart what several draw."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self.learners = [self._uuid() for _ in range(LEARNERS)]
        self.videos = [f"https://courses.example/videos/{self._uuid()}" for _ in range(_ACTIVITIES)]
        self.registrations = [self._uuid() for _ in range(1_000)]
        self.verbs = list(_VERBS)

    def draw(self, count: int) -> Iterator[bytes]:
        """So many new statements as JSON."""
        for _ in range(count):
            yield json.dumps(self._statement(), ensure_ascii=False).encode()

    def _uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def actor(self, number: int) -> dict[str, Any]:
        account = {"name": self.learners[number], "homePage": "https://courses.example"}
        return {"objectType": "Agent", "account": account}

    def _statement(self) -> dict[str, Any]:
        draw = self._random
        [verb] = draw.choices(self.verbs, list(_VERBS.values()))
        number = draw.randrange(_ACTIVITIES)
        name = verb.rpartition("/")[2]
        at = _BEGAN + timedelta(microseconds=draw.randrange(10**13))
        statement: dict[str, Any] = {
            "verb": {"id": verb, "display": {"en-US": name}},
            "context": self._context(number, draw),
            "id": self._uuid(),
            "actor": self.actor(min(int(draw.expovariate(4 / LEARNERS)), LEARNERS - 1)),
            "object": {
                "definition": {
                    "type": f"{_VIDEO}/activity-type/video",
                    "name": {"en-US": f"Lecture {number}", "zh-CN": f"第 {number} 讲"},
                },
                "id": self.videos[number],
                "objectType": "Activity",
            },
            "timestamp": at.isoformat(),
        }
        if name == "answered":
            statement["result"] = {
                "score": {
                    "scaled": draw.randrange(101) / 100,
                    "raw": draw.randrange(11),
                    "min": 0,
                    "max": 10,
                },
                "success": draw.random() < 0.6,
                "response": f"choice_{draw.randrange(5)}",
                "duration": f"PT{draw.randrange(1, 600)}.{draw.randrange(100):02}S",
            }
        elif name != "initialized":
            statement["result"] = {"extensions": self._watched(name, draw)}
        return statement

    def _context(self, number: int, draw: random.Random) -> dict[str, Any]:
        course = {
            "id": f"https://courses.example/{number % _COURSES}",
            "objectType": "Activity",
            "definition": {"type": f"{_ADL}/activities/course"},
        }
        extensions: dict[str, Any] = {f"{_VIDEO}/extensions/session-id": self._uuid()}
        if draw.random() < 0.5:
            extensions[f"{_VIDEO}/extensions/length"] = draw.randrange(200, 900)
            extensions[f"{_VIDEO}/extensions/completion-threshold"] = 0.95
        if draw.random() < 0.2:
            extensions[f"{_VIDEO}/extensions/full-screen"] = draw.random() < 0.5
            extensions[f"{_VIDEO}/extensions/speed"] = "1x"
            extensions[f"{_VIDEO}/extensions/volume"] = draw.randrange(101) / 100
        return {
            "registration": draw.choice(self.registrations),
            "contextActivities": {"category": [{"id": _VIDEO}], "parent": [course]},
            "extensions": extensions,
        }

    def _watched(self, name: str, draw: random.Random) -> dict[str, Any]:
        times = sorted(draw.randrange(900_000) / 1000 for _ in range(4))
        if name == "seeked":
            segments = "[,]".join(f"{one}[.]{one + 3:.3f}" for one in times)
            return {
                f"{_VIDEO}/extensions/time-from": times[0],
                f"{_VIDEO}/extensions/time-to": times[3],
                f"{_VIDEO}/extensions/played-segments": segments,
            }
        return {f"{_VIDEO}/extensions/time": times[0], f"{_VIDEO}/extensions/progress": draw.random()}
