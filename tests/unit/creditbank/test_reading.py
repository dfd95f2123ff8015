"""The fast reader accepts exactly what the documented schema accepts."""

import json
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.common.problems import MalformedRequest
from services.creditbank.deposits.documentation import REQUEST_BODY
from services.creditbank.deposits.reading import read
from services.creditbank.deposits.schemas import DepositBody
from services.creditbank.ledger.rules import hundredths

_ID = "0197a1b2-0000-7000-8000-000000000001"
_TEXTS = st.sampled_from(
    ["", "a", "优", "x" * 50, "x" * 51, "x" * 200, "x" * 201, "a\nb", "\u202ea", " a", None, 1]
)
_REFERENCES: st.SearchStrategy[Any] = st.sampled_from(
    [
        {"id": _ID},
        {"id": _ID.replace("-", "")},
        {"sourced_id": "S"},
        {"sourced_id": ""},
        {"sourced_id": "a\x7f"},
        {"id": _ID, "sourced_id": None},
        {"id": _ID, "sourced_id": "S"},
        {"id": "x"},
        {"id": 1},
        {},
        {"other": 1},
        None,
        [],
    ]
)
_GOOD = {
    "key": st.just("k"),
    "learner": st.just({"sourced_id": "S"}),
    "course": st.just({"id": _ID}),
    "credits": st.just("1.00"),
    "earned_on": st.just("2026-06-30"),
}
_VARIED: dict[str, st.SearchStrategy[Any]] = {
    "key": _TEXTS,
    "learner": _REFERENCES,
    "course": _REFERENCES,
    "attempt": _TEXTS,
    "grade": _TEXTS,
    "credits": st.sampled_from(
        ["1", "1.5", "0", "0.00", "10000.00", "10000.01", "1.005", "-1", 1, 1.5, None, "1\n"]
    ),
    "earned_on": st.sampled_from(
        [
            "2026-06-30",
            "2026-02-30",
            "1900-01-01",
            "1899-12-31",
            "20260630",
            "2026-06-30T00:00:00",
            "",
            0,
            None,
        ]
    ),
    "more": st.just(1),
}


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A good body in which a few members are replaced, added or left out."""
    item = {name: draw(good) for name, good in _GOOD.items()}
    for name in draw(st.lists(st.sampled_from(sorted(_VARIED)), max_size=2)):
        item[name] = draw(_VARIED[name])
    for name in draw(
        st.lists(st.sampled_from(sorted(item)), max_size=1) if draw(st.booleans()) else st.just([])
    ):
        del item[name]
    body: dict[str, Any] = {"items": draw(st.sampled_from([[item], [item, item], [], None, {}]))}
    body.update(
        draw(st.sampled_from([{}, {}, {"scheme": "s"}, {"scheme": ""}, {"institution": _ID}, {"x": 1}]))
    )
    return body


def _documented(text: bytes) -> DepositBody | None:
    try:
        return DepositBody.model_validate_json(text)
    except ValidationError:
        return None


@settings(max_examples=300)
@given(bodies())
def test_both_readers_agree(body: dict[str, Any]) -> None:
    text = json.dumps(body).encode()
    documented = _documented(text)
    if documented is None:
        with pytest.raises(RequestValidationError):
            read(text)
        return
    scheme, institution, items = read(text)
    assert (scheme, institution) == (documented.scheme, documented.institution)
    assert [
        (one.key, one.learner_id, one.learner_sourced_id, one.course_id, one.course_sourced_id)
        for one in items
    ] == [
        (one.key, one.learner.id, one.learner.sourced_id, one.course.id, one.course.sourced_id)
        for one in documented.items
    ]
    assert [(one.attempt, one.amount, one.grade, one.earned_on) for one in items] == [
        (one.attempt, hundredths(one.credits), one.grade, one.earned_on) for one in documented.items
    ]


@given(st.binary(max_size=30))
def test_bytes_that_are_no_deposit_are_a_problem(text: bytes) -> None:
    with pytest.raises((RequestValidationError, MalformedRequest)):
        read(text)


def test_the_documentation_refers_to_nothing_outside_itself() -> None:
    assert "$ref" not in json.dumps(REQUEST_BODY)
