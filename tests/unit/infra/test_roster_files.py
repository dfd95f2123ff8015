"""Sets of any origin, read far enough to choose whom the demo shows."""

import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from infra.dev import roster_files
from infra.dev.roster_files import ShownClass

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "data" / "oneroster"


@pytest.mark.parametrize(
    ("name", "classes"),
    [("edfi_grandbend_v1p2", 260), ("synthetic_zh_v1p1", 64), ("microsoft_sds_v2p1", 2)],
)
def test_sample_sets_have_a_class_to_show(name: str, classes: int) -> None:
    if not (SAMPLES / name).is_dir():
        pytest.skip("the sample sets are not beside the checkout")
    found = roster_files.read(SAMPLES / name)
    assert len(found.classes) == classes
    assert found.shown.teachers
    assert found.shown.students
    assert found.shown.course


@pytest.mark.parametrize(
    ("today", "day"),
    [("2026-01-01", "2025-09-01"), ("2026-03-01", "2026-02-27"), ("2030-01-01", "2026-07-10")],
)
def test_credits_are_dated_alike_within_a_term(today: str, day: str) -> None:
    terms = (("2025-09-01", "2026-01-23"), ("2026-02-27", "2026-07-10"))
    shown = ShownClass("c", "C", "k", terms, (), ())
    assert shown.earned_on(date.fromisoformat(today)) == day


def test_without_terms_credits_are_of_today() -> None:
    assert ShownClass("c", "C", "k", (), (), ()).earned_on(date(2026, 1, 2)) == "2026-01-02"


def test_credits_on_offer_are_read_with_a_byte_order_mark_and_without_zeros(tmp_path: Path) -> None:
    file = tmp_path / "credits.csv"
    file.write_text(
        "\ufeffclassSourcedId,courseSourcedId,availableCredits\r\nA,X,1.5\r\nB,Y,0\r\n", encoding="utf-8"
    )
    assert roster_files.read_credits(file) == {"A": Decimal("1.5")}


def test_what_is_no_set_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder with CSV files"):
        roster_files.read(tmp_path)
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(ValueError, match="neither a folder nor a zip"):
        roster_files.read(tmp_path / "a.zip")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("classes.csv", "sourcedId,title\r\n")
    with pytest.raises(ValueError, match="no enrollments"):
        roster_files.from_archive("set", packed.getvalue())
