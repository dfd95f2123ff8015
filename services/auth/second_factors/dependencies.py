"""What routes and pages of the slice ask for."""

from typing import Annotated

from fastapi import Depends, Request

from services.auth.second_factors.service import SecondFactors


async def _second_factors(request: Request) -> SecondFactors:
    found: SecondFactors = request.app.state.second_factors
    return found


#: the second factors of this process
SecondFactorsOf = Annotated[SecondFactors, Depends(_second_factors)]
