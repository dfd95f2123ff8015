"""What is wrong with a request, place by place, in both languages.

The values themselves are never repeated: they may be somebody's password or name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from libs.common.languages import Text

_LARGEST = 50

_TEXTS: Mapping[str, Text] = {
    "missing": Text("is required", "必填"),
    "json_invalid": Text("is not well-formed JSON", "不是有效的 JSON"),
    "extra_forbidden": Text("is not a member of this document", "不允许的字段"),
    "string_type": Text("must be text", "必须是文本"),
    "string_too_short": Text("must have at least {min_length} characters", "至少 {min_length} 个字符"),
    "string_too_long": Text("must have at most {max_length} characters", "最多 {max_length} 个字符"),
    "string_pattern_mismatch": Text("does not have the documented form", "格式不符合要求"),
    "too_short": Text("must have at least {min_length} items", "至少 {min_length} 项"),
    "too_long": Text("must have at most {max_length} items", "最多 {max_length} 项"),
    "int_type": Text("must be a whole number", "必须是整数"),
    "int_parsing": Text("must be a whole number", "必须是整数"),
    "int_parsing_size": Text("is too large a number", "数值过大"),
    "int_from_float": Text("must be a whole number", "必须是整数"),
    "bool_type": Text("must be true or false", "必须是 true 或 false"),
    "bool_parsing": Text("must be true or false", "必须是 true 或 false"),
    "greater_than": Text("must be greater than {gt}", "必须大于 {gt}"),
    "greater_than_equal": Text("must be at least {ge}", "不得小于 {ge}"),
    "less_than": Text("must be less than {lt}", "必须小于 {lt}"),
    "less_than_equal": Text("must be at most {le}", "不得大于 {le}"),
    "uuid_type": Text("must be a UUID", "必须是 UUID"),
    "uuid_parsing": Text("must be a UUID", "必须是 UUID"),
    "date_type": Text("must be a date, YYYY-MM-DD", "必须是日期，格式 YYYY-MM-DD"),
    "date_parsing": Text("must be a date, YYYY-MM-DD", "必须是日期，格式 YYYY-MM-DD"),
    "date_from_datetime_parsing": Text("must be a date, YYYY-MM-DD", "必须是日期，格式 YYYY-MM-DD"),
    "datetime_type": Text("must be an RFC 3339 time", "必须是 RFC 3339 时间"),
    "datetime_parsing": Text("must be an RFC 3339 time", "必须是 RFC 3339 时间"),
    "datetime_from_date_parsing": Text("must be an RFC 3339 time", "必须是 RFC 3339 时间"),
    "datetime_future": Text("must lie in the future", "必须是将来的时间"),
    "timezone_aware": Text("must name its offset from UTC", "必须包含时区偏移"),
    "decimal_parsing": Text("must be a decimal number", "必须是十进制数"),
    "decimal_max_places": Text("has too many decimal places", "小数位过多"),
    "literal_error": Text("must be one of {expected}", "必须是 {expected} 之一"),
    "enum": Text("must be one of {expected}", "必须是 {expected} 之一"),
    "union_tag_invalid": Text(
        "must have a {discriminator} of {expected_tags}", "{discriminator} 必须是 {expected_tags} 之一"
    ),
    "union_tag_not_found": Text("must say its {discriminator}", "须给出 {discriminator}"),
    "model_attributes_type": Text("must be an object", "必须是对象"),
    "model_type": Text("must be an object", "必须是对象"),
    "dict_type": Text("must be an object", "必须是对象"),
    "list_type": Text("must be a list", "必须是列表"),
    "url_parsing": Text("must be an address", "必须是网址"),
    "url_scheme": Text("must be an http or https address", "必须是 http 或 https 网址"),
    "reason_needed": Text("needs a reason", "须说明理由"),
    "contradictory": Text("has members that exclude or need one another", "各字段互相矛盾或缺少相关字段"),
    "repeated": Text("must not be given twice", "不得重复"),
    "control_characters": Text("must not contain control characters", "不得包含控制字符"),
}
_OTHERWISE = Text("is not valid", "无效")
#: how lengths of text are called that a further limit of a type finds
_OF_TEXT = {"too_short": "string_too_short", "too_long": "string_too_long"}


def explain(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each place (`body`, `query`, `path`, `header` first) with a stable code and a sentence."""
    return [_one(error) for error in errors[:_LARGEST]]


def _one(error: Mapping[str, Any]) -> dict[str, Any]:
    code = str(error["type"])
    if code in _OF_TEXT and isinstance(error.get("input"), str):
        code = _OF_TEXT[code]
    context: dict[str, Any] = {name: str(value)[:200] for name, value in (error.get("ctx") or {}).items()}
    for choices in ("expected", "expected_tags", "discriminator"):
        if choices in context:
            context[choices] = _listed(context[choices])
    try:
        sentence = _otherwise(error) if code not in _TEXTS else _TEXTS[code].format(**context)
    except (KeyError, IndexError):
        sentence = _OTHERWISE
    place = ".".join(str(part)[:100] for part in error["loc"])
    return {"place": place, "code": code, "message": sentence}


def _listed(choices: str) -> Text:
    """What may be chosen from, which pydantic lists in English."""
    return Text(choices, choices.replace(" or ", "、").replace(", ", "、").replace("'", ""))


def _otherwise(error: Mapping[str, Any]) -> Text:
    """What a validator's own fault says (`libs.common.fields.fault`)."""
    chinese = (error.get("ctx") or {}).get("zh")
    return _OTHERWISE if chinese is None else Text(str(error["msg"]), str(chinese))
