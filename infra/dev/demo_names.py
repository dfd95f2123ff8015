"""Names of the demo region: common given and family names, combined by chance; nobody real is meant."""

from typing import NamedTuple

REGION = "示例州 Sample Prefecture"


class People(NamedTuple):
    """Names to choose from in one school."""

    family: tuple[str, ...]
    given: tuple[str, ...]


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


CHINESE = People(
    words("王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 马 朱 胡 欧阳"),
    words(
        "子涵 雨桐 浩然 欣怡 梓轩 诗琪 宇航 佳怡 俊杰 思远 嘉欣 博文 雅静 志强 晓明 丽华 建国 秀英 海燕 文静 "
        "若曦 一诺 明哲 语嫣"
    ),
)
ENGLISH = People(
    words("Adams Baker Clarke Diaz Evans Foster Green Hughes Ito Jones Khan Lopez Moore Nguyen O'Neil"),
    words(
        "Ava Ben Chloe Daniel Emma Finn Grace Henry Isla Jack Kate Liam Mia Noah Olivia Paul Quinn Ruth "
        "Sam Tara Uma Victor Wendy Zoë"
    ),
)

#: name, the people there, two grades
SCHOOLS = (
    ("示例州第一中学 No. 1 Middle School", CHINESE, ("07", "08")),
    ("示例县民族小学 County Primary School", CHINESE, ("04", "05")),
    ("河畔国际学校 Riverside International School", ENGLISH, ("06", "09")),
)
#: code, title
COURSES = (
    ("MATH", "数学 Mathematics"),
    ("CHIN", "语文 Chinese"),
    ("SCI", "科学 Science"),
)
