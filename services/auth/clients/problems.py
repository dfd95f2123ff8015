"""Expected failures concerning clients."""

from libs.common.languages import Text
from libs.common.problems import Forbidden


class ScopeNotForInstitutions(Forbidden):
    """An institution's client cannot hold this scope: it belongs to people or to the platform itself."""

    title = Text("An institution's client cannot hold this scope", "机构客户端不能拥有该权限范围")
    detail = Text("Possible are: {possible}.", "可选的权限范围：{possible}。")
