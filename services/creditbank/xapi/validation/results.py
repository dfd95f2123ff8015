"""A statement's result, its score, and its attachments' headers (Data 2.4.5 and 2.4.11)."""

from typing import Any, Final

from libs.common.languages import Text
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.findings import ATTACHMENTS, RESULT, SCORE, refuse
from services.creditbank.xapi.validation.formats import is_duration, is_media_type, is_sha2
from services.creditbank.xapi.validation.shapes import (
    a_language_map,
    a_list,
    a_text,
    an_iri,
    an_object,
    extensions,
    unknown,
)

_SCALED: Final = Text("must be between -1 and 1", "必须介于 -1 与 1 之间")
_RAW: Final = Text("must not be outside min and max", "不得超出 min 与 max 的范围")
_MIN: Final = Text("must be less than max", "必须小于 max")
_LENGTH: Final = Text("must be a whole number of octets", "必须是整数字节数")
_SHA2: Final = Text("must be a SHA-2 hash in hexadecimal digits", "必须是十六进制的 SHA-2 散列值")
_MEDIA_TYPE: Final = Text("must be a media type, as in text/plain", "必须是媒体类型，例如 text/plain")
_ATTACHMENT_NEEDS: Final = ("usageType", "display", "contentType", "length", "sha2")


def check_result(value: object, at: str) -> None:
    """A measured outcome."""
    for name, item in an_object(value, at, RESULT).items():
        here = f"{at}.{name}"
        if name == "extensions":
            extensions(item, here)
        elif name == "success" or name == "completion":
            if type(item) is not bool:
                refuse(here, RESULT, findings.BOOLEAN_NEEDED)
        elif name == "score":
            _check_score(item, here)
        elif name == "duration":
            if is_duration(a_text(item, here, RESULT)) is None:
                refuse(here, findings.DURATION, findings.NOT_A_DURATION)
        elif name == "response":
            a_text(item, here, RESULT)
        else:
            unknown(name, at, RESULT)


def _check_score(value: object, at: str) -> None:
    score = an_object(value, at, SCORE)
    for name, item in score.items():
        if name not in ("scaled", "raw", "min", "max"):
            unknown(name, at, SCORE)
        if type(item) is not float and type(item) is not int:
            refuse(f"{at}.{name}", SCORE, findings.NUMBER_NEEDED)
    scaled, raw, least, most = (score.get(name) for name in ("scaled", "raw", "min", "max"))
    if scaled is not None and not -1 <= scaled <= 1:
        refuse(f"{at}.scaled", SCORE, _SCALED)
    if least is not None and most is not None and least >= most:
        refuse(f"{at}.min", SCORE, _MIN)
    if raw is not None and ((least is not None and raw < least) or (most is not None and raw > most)):
        refuse(f"{at}.raw", SCORE, _RAW)


def check_attachments(value: object, at: str) -> None:
    """The headers of attachments; their content comes elsewhere, or stands at fileUrl."""
    for number, item in enumerate(a_list(value, at, ATTACHMENTS)):
        here = f"{at}[{number}]"
        attachment = an_object(item, here, ATTACHMENTS)
        for name, part in attachment.items():
            _check_attachment_member(name, part, here)
        for name in _ATTACHMENT_NEEDS:
            if name not in attachment:
                refuse(f"{here}.{name}", ATTACHMENTS, findings.REQUIRED)


def _check_attachment_member(name: str, value: Any, at: str) -> None:
    here = f"{at}.{name}"
    if name == "usageType" or name == "fileUrl":
        an_iri(value, here, ATTACHMENTS)
    elif name == "display" or name == "description":
        a_language_map(value, here, ATTACHMENTS)
    elif name == "contentType":
        if is_media_type(a_text(value, here, ATTACHMENTS)) is None:
            refuse(here, ATTACHMENTS, _MEDIA_TYPE)
    elif name == "length":
        if type(value) is not int or value < 0:
            refuse(here, ATTACHMENTS, _LENGTH)
    elif name == "sha2":
        if is_sha2(a_text(value, here, ATTACHMENTS)) is None:
            refuse(here, ATTACHMENTS, _SHA2)
    else:
        unknown(name, at, ATTACHMENTS)
