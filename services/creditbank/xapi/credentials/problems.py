"""Failures of handling credentials."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden


class NotInChargeOfCredentials(Forbidden):
    """Credentials of an organisation are issued and revoked by its administrators, or by those above it."""

    title = Text("Only its administrators issue credentials", "仅机构管理员可管理凭据")


class TooManyCredentials(Conflict):
    """The organisation has as many working credentials as it may have; revoke those not in use."""

    title = Text("Too many credentials", "凭据过多")
    detail = Text("At most {most} may work at a time.", "同时有效的凭据最多 {most} 个。")


class NotOfAnOrganisation(Forbidden):
    """Records are kept by organisation, and this client belongs to none."""

    title = Text("A client of an organisation is needed", "需要机构的客户端")
