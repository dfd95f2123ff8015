"""Expected failures of storing profiles of files."""

from libs.common.languages import Text
from libs.common.problems import Conflict


class ProfileReserved(Conflict):
    """Profiles that are built in keep their names."""

    title = Text("The name belongs to a built-in profile", "该名称属于内置格式")
    detail = Text("These names are taken: {profiles}.", "以下名称不可使用：{profiles}。")


class TooManyProfiles(Conflict):
    """An institution stores so many versions of profiles and no more."""

    title = Text("Too many profiles", "文件格式过多")
    detail = Text(
        "At most {limit} versions of profiles are kept for an institution.",
        "每个机构最多保存 {limit} 个文件格式版本。",
    )
