"""Expected failures concerning clients."""

from libs.common.languages import Text
from libs.common.problems import Conflict, Forbidden, InvalidRequest


class ScopeNotForInstitutions(Forbidden):
    """A client of this kind cannot hold this scope, or its organisation has not the right to it.

    Rights come from an administrator above; some scopes belong to the platform alone.
    """

    title = Text("An institution's client cannot hold this scope", "机构客户端不能拥有该权限范围")
    detail = Text("Possible are: {possible}.", "可选的权限范围：{possible}。")


class ConsentIsAsked(Forbidden):
    """Only the administrator of the root decides that people are not asked for their consent.

    That holds for what such a client may do and where it is answered, too.
    """

    title = Text("Only the root's administrator may waive consent", "仅根机构管理员可免除用户同意")


class ConsentNotWaivable(InvalidRequest):
    """People are always asked for a client that is answered on a device, outside development.

    Any other program there can answer at the same address and name itself like the client (RFC 8252,
    section 8.6); only https proves whose the address is.
    """

    title = Text("People must be asked for such a client", "此类客户端必须征得用户同意")


class AddressRefused(InvalidRequest):
    """A client cannot be answered at this address."""

    title = Text("The address cannot be used", "地址不可用")

    def explanation(self) -> Text:
        why: Text = self.extensions["why"]
        return why


class AddressesOfAMachine(InvalidRequest):
    """A machine acts for itself and has no addresses to send people to; every other client needs one."""

    title = Text(
        "Machines have no addresses, all others need one", "机器客户端没有回调地址，其他客户端必须有"
    )


class KeyRefused(InvalidRequest):
    """The client's public keys cannot be used."""

    title = Text("The keys cannot be used", "密钥不可用")

    def explanation(self) -> Text:
        why: Text = self.extensions["why"]
        return why


class ClientKeepsNoSecret(Conflict):
    """A client of this kind runs where everybody can read it, so that no secret or key proves anything."""

    title = Text("This client keeps no secret", "该客户端不使用密钥")


class ClientHasKeys(Conflict):
    """The client proves itself with its own keys; take them from it before it gets a secret."""

    title = Text("The client uses keys of its own", "该客户端使用自己的密钥")


class TooManySecrets(Conflict):
    """The client has as many secrets as it may have; end one of them first."""

    title = Text("End another secret first", "请先停用其他密钥")
    detail = Text("At most {most} secrets work at the same time.", "最多同时有 {most} 个有效密钥。")
