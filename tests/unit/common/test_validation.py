"""What is wrong with a request is told in both languages, in the words of whoever found it."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError, model_validator

from libs.common.fields import Key, fault
from libs.common.http.validation import explain
from libs.common.languages import Text


class Wish(BaseModel):
    """A document with a rule of its own, which nothing meets."""

    grade: Annotated[Key, Field(max_length=3)]

    @model_validator(mode="after")
    def rule(self) -> "Wish":
        raise fault("nine", "must be nine", "必须是九")


class Choice(BaseModel):
    """A document with a choice."""

    kind: Literal["this", "that one", "other"]


def told(grade: str) -> dict[str, Any]:
    with pytest.raises(ValidationError) as refused:
        Wish(grade=grade)
    (one,) = explain([dict(error) for error in refused.value.errors()])
    return one


def test_a_validators_own_fault_has_its_sentence() -> None:
    assert told("abc") == {"place": "", "code": "nine", "message": Text("must be nine", "必须是九")}


def test_choices_are_listed_in_the_language() -> None:
    with pytest.raises(ValidationError) as refused:
        Choice.model_validate({"kind": "else"})
    (one,) = explain([dict(error) for error in refused.value.errors()])
    assert one["message"] == Text(
        "must be one of 'this', 'that one' or 'other'", "必须是 this、that one、other 之一"
    )


def test_text_has_characters_and_no_items() -> None:
    assert told("abcd") == {
        "place": "grade",
        "code": "string_too_long",
        "message": Text("must have at most 3 characters", "最多 3 个字符"),
    }
