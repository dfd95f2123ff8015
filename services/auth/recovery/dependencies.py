"""What routes and pages of the slice ask for."""

from typing import Annotated

from fastapi import Depends, Request

from services.auth.recovery.service import Recovery


async def _recovery(request: Request) -> Recovery:
    found: Recovery = request.app.state.recovery
    return found


#: the recovery of this process
RecoveryOf = Annotated[Recovery, Depends(_recovery)]
