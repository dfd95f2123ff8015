"""How a browser is called in the list of sessions."""

import re
from typing import Final

# What a browser says of itself names the others too, so the first that fits is meant.
_BROWSERS: Final = (
    (r"MicroMessenger/", "WeChat"),
    (r"Edg(?:A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"HuaweiBrowser/", "Huawei Browser"),
    (r"QQBrowser/", "QQ Browser"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chromium/", "Chromium"),
    (r"Chrome/|CriOS/", "Chrome"),
    (r"Safari/", "Safari"),
)
_SYSTEMS: Final = (
    (r"HarmonyOS|OpenHarmony", "HarmonyOS"),
    (r"Android", "Android"),
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Windows", "Windows"),
    (r"Macintosh|Mac OS X", "macOS"),
    (r"CrOS", "ChromeOS"),
    (r"Linux|X11", "Linux"),
)


def device_name(agent: str | None) -> str | None:
    """For example `Firefox · Windows`; None for what no browser says."""
    if agent is None:
        return None
    names = [_first(_BROWSERS, agent), _first(_SYSTEMS, agent)]
    return " · ".join(name for name in names if name) or None


def _first(kinds: tuple[tuple[str, str], ...], agent: str) -> str | None:
    return next((name for pattern, name in kinds if re.search(pattern, agent)), None)
