"""Sets that are refused, or only tried, leave no trace and name the place."""

from uuid import uuid4

import pytest

from tests.integration.auth.places import Place
from tests.integration.auth.rosters.sets import (
    RosterSet,
    digest,
    findings,
    imported,
    importing,
    places,
    small_set,
    zipped,
)


async def test_a_dry_run_counts_and_keeps_nothing(here: Place) -> None:
    content = small_set()
    await importing(here, content.without("enrollments"))
    before = await digest(here.app)
    changed = content.copy()
    changed.files["users"][0]["givenName"] = "别"
    changed.files["users"].append({**changed.files["users"][0], "sourcedId": "new", "username": uuid4().hex})
    job = await importing(here, changed, dry_run=True)
    assert (job["state"], job["dry_run"]) == ("applied", True)
    assert job["counts"]["people"] == {**job["counts"]["people"], "new": 1, "changed": 1}
    assert await digest(here.app) == before


async def test_a_set_that_would_close_most_people_is_refused_unless_allowed(here: Place) -> None:
    tag = uuid4().hex[:8]
    large = small_set(tag)
    for number in range(100):
        key = f"x{number}-{tag}"
        large.files["users"].append(
            {"sourcedId": key, "enabledUser": "true", "username": key, "givenName": "众", "familyName": "人"}
        )
    await importing(here, large)
    before = await digest(here.app)
    job = await importing(here, small_set(tag))
    assert job["state"] == "refused"
    assert ("large_closure", "users.csv", None, None) in places(await findings(here.admin.http, job))
    assert await digest(here.app) == before
    job = await importing(here, small_set(tag), allow_large_closure=True)
    assert (job["state"], job["counts"]["people"]["closed"]) == ("applied", 100)


def _broken(tag: str) -> dict[str, tuple[RosterSet, tuple[str, str, int, str]]]:
    """Sets with one fault each, and the finding that names it."""
    sets: dict[str, tuple[RosterSet, tuple[str, str, int, str]]] = {}

    def breaking(name: str, file: str, key: str, field: str, value: str, code: str, row: int) -> None:
        broken = small_set(tag)
        broken.row(file, key)[field] = value
        sets[name] = (broken, (code, f"{file}.csv", row, field))

    student = f"s1-{tag}"
    breaking("parent", "orgs", "S1", "parentSourcedId", "nowhere", "reference", 3)
    breaking("cycle", "orgs", "D", "parentSourcedId", "S1", "cycle", 2)
    breaking("type", "orgs", "S1", "type", "castle", "not_allowed", 3)
    breaking("day", "academicSessions", "T1", "endDate", "2027-02-30", "date", 3)
    breaking("order", "academicSessions", "T1", "endDate", "2026-01-01", "dates_reversed", 3)
    breaking("course", "classes", "K1", "courseSourcedId", "none", "reference", 2)
    breaking("term", "classes", "K2", "termSourcedIds", "T1,T9", "reference", 3)
    breaking("agent", "users", student, "agentSourcedIds", "nobody", "reference", 2)
    breaking("self", "users", student, "agentSourcedIds", student, "guardian_self", 2)
    breaking("boolean", "users", student, "enabledUser", "perhaps", "boolean", 2)
    breaking("nul", "users", student, "givenName", "a\0b", "nul", 2)
    breaking("long", "users", student, "familyName", "长" * 201, "too_long", 2)
    breaking("role user", "roles", f"R-{student}", "userSourcedId", "ghost", "reference", 2)
    breaking("role org", "roles", f"R-{student}", "orgSourcedId", "ghost", "reference", 2)
    breaking("class", "enrollments", f"E-{student}-K1", "classSourcedId", "ghost", "reference", 2)
    breaking("user", "enrollments", f"E-{student}-K1", "userSourcedId", "ghost", "reference", 2)
    breaking("blank", "enrollments", f"E-{student}-K1", "role", "", "required", 2)
    double = small_set(tag)
    double.files["users"].append(dict(double.files["users"][0]))
    sets["duplicate"] = (double, ("duplicate", "users.csv", 7, "sourcedId"))
    return sets


@pytest.mark.parametrize("fault", sorted(_broken("x")))
async def test_attack_68_a_broken_set_leaves_no_trace_and_names_the_place(here: Place, fault: str) -> None:
    tag = uuid4().hex[:8]
    broken, place = _broken(tag)[fault]
    broken.files["users"][1]["givenName"] = "改"
    before = await digest(here.app)
    job = await importing(here, broken)
    assert job["state"] == "refused"
    assert await digest(here.app) == before
    found = await findings(here.admin.http, job)
    assert place in places(one for one in found if one["severity"] == "error")
    assert job["findings"]["errors"] == sum(one["severity"] == "error" for one in found)
    chinese = await findings(here.admin.http, job, "zh-CN")
    assert all(one["message"] != two["message"] for one, two in zip(found, chinese, strict=True))


async def test_what_is_no_set_is_refused_with_a_reason(here: Place) -> None:
    http, app = here.admin.http, here.app
    for content, code in (
        (b"", "archive_unreadable"),
        (b"PK\x03\x04 nonsense", "archive_unreadable"),
        (zipped({"readme.txt": "hello"}), "archive_empty"),
        (zipped({"inner.zip": zipped({"users.csv": "sourcedId"})}), "archive_nested"),
        (zipped({"users.csv": "sourcedId\r\n1\r\n"}), "manifest_missing"),
        (zipped({"../manifest.csv": "propertyName,value\r\n"}), "archive_path"),
        (zipped({"a/orgs.csv": "x", "b/users.csv": "y"}), "archive_ambiguous"),
    ):
        job = await imported(app, http, here.root, content)
        assert job["state"] == "refused"
        assert code in job["findings"]["codes"], (code, job["findings"])


async def test_forms_of_writing_are_read_alike(here: Place) -> None:
    tag = uuid4().hex[:8]
    texts = small_set(tag).texts()
    await imported(here.app, here.admin.http, here.root, zipped(texts))
    other: dict[str, str | bytes] = {}
    for name, text in texts.items():
        unix = text.replace("\r\n", "\n")
        other[name.upper() if name == "users.csv" else name] = b"\xef\xbb\xbf" + unix.encode()
    job = await imported(here.app, here.admin.http, here.root, zipped(other, folder="export/"))
    assert job["state"] == "unchanged", await findings(here.admin.http, job)
    assert job["findings"]["codes"] == {"file_name_case": 1, "name_part_missing": 1, "same_set": 1}
    for encoding, code in (("gb18030", "encoding_gb18030"), ("utf-16", "encoding_utf16")):
        foreign: dict[str, str | bytes] = {**texts, "users.csv": texts["users.csv"].encode(encoding)}
        job = await imported(here.app, here.admin.http, here.root, zipped(foreign))
        assert job["state"] == "refused"
        assert (code, "users.csv", None, None) in places(await findings(here.admin.http, job))
