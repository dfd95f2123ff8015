"""Moves of learners between bank nodes: asked for by people, handed over by nodes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Actor, Learner, Node, Reader
from services.creditbank.learners.keys import KeyRing
from services.creditbank.log.service import LogReader
from services.creditbank.moves import receiving, service
from services.creditbank.moves.documents import MoveDocument
from services.creditbank.moves.problems import NodeNeeded
from services.creditbank.moves.receipts import Receipt
from services.creditbank.moves.schemas import BankNode, BankNodes, Move, MoveBody, RefusalBody, Transit
from services.creditbank.settings import CreditbankSettings, Neighbour

ARRIVALS = "/v1/arrivals"
router = APIRouter(tags=["moves"])


async def _settings(request: Request) -> CreditbankSettings:
    settings: CreditbankSettings = request.app.state.settings
    return settings


async def _keys(request: Request) -> KeyRing:
    keys: KeyRing = request.app.state.shred_keys
    return keys


async def _log_reader(request: Request) -> LogReader:
    reader: LogReader = request.app.state.log_reader
    return reader


Settings = Annotated[CreditbankSettings, Depends(_settings)]
Keys = Annotated[KeyRing, Depends(_keys)]
Log = Annotated[LogReader, Depends(_log_reader)]


async def _sender(caller: Node, settings: Settings) -> Neighbour:
    """The node whose client calls."""
    for node in settings.nodes:
        if node.client_id == caller.client_id:
            return node
    raise NodeNeeded


Sender = Annotated[Neighbour, Depends(_sender)]


@router.get("/v1/nodes", summary="The bank nodes")
async def read_nodes(_caller: Reader, settings: Settings) -> BankNodes:
    """This node and those it exchanges learners with; none where there is one bank only."""
    return BankNodes(
        name=settings.node,
        others=[BankNode(name=one.name, address=one.address) for one in settings.nodes],
    )


@router.post(
    "/v1/moves", summary="Move a learner's account to another bank node", response_model=Move, status_code=201
)
async def begin_move(
    body: MoveBody, caller: Actor, database: DatabaseOf, settings: Settings, keys: Keys
) -> Response:
    """By the learner, a guardian with consent, or an administrator of where the learner has a role.

    All available credits leave at once and arrive within seconds; in between nothing can be spent, and from
    now on nothing is posted here. What was redeemed, converted, expired or revoked stays here as history, and
    the other node is told of it. Held credits, waiting requests and frozen accounts stand in the way.
    """
    move, of = await service.begin(
        database, keys, settings, caller, to=body.to, key=body.key, learner=body.learner
    )
    found = await service.shown(database.pool, of, move)
    return Response(found, 201, media_type="application/json")


@router.get("/v1/moves", summary="My moves, newest first", response_model=Page[Move])
async def my_moves(
    caller: Learner,
    database: DatabaseOf,
    paging: PagingOf,
    learner: Annotated[
        UUID | None, Query(description="of whom the caller is a guardian, or in charge")
    ] = None,
) -> Response:
    """Moves out of this node and to it."""
    of = await service.books(database.pool, caller, learner)
    after = paging.after(int, UUID)
    before = None if after is None else (after[0], after[1])
    return paging.answer(await service.page(database.pool, of, before=before, limit=paging.limit + 1))


@router.get("/v1/moves/{move}", summary="One move", response_model=Move)
async def read_move(move: UUID, caller: Learner, database: DatabaseOf) -> Response:
    """For its learner, guardians with consent, and administrators of where the learner has a role."""
    return Response(await service.read(database.pool, caller, move), media_type="application/json")


@router.get("/v1/moves/{move}/document", summary="What a move says, and its proofs")
async def read_document(
    move: UUID, caller: Learner, database: DatabaseOf, keys: Keys, reader: Log
) -> MoveDocument:
    """For its learner alone: what moved, what stayed behind and what became of it, provable without the bank.

    It lasts: the learner's life before the move can be read from it after the old node is gone.
    """
    return await service.own_document(database.pool, reader, keys, caller, move)


@router.post("/v1/moves/{move}/withdrawal", summary="Want a move back", response_model=Move)
async def withdraw_move(move: UUID, caller: Actor, database: DatabaseOf) -> Response:
    """By who may move the learner, while it is open. The other node may have it already: then it stays."""
    return Response(await service.withdraw(database.pool, caller, move), media_type="application/json")


@router.post(ARRIVALS, summary="Take a learner in from another bank node")
async def take_in(
    document: MoveDocument, sender: Sender, database: DatabaseOf, settings: Settings, keys: Keys
) -> Receipt:
    """By another bank node. Sent again it answers the same; what cannot be yet may be sent again later."""
    return await receiving.receive(database, keys, settings.node, sender, document)


@router.post(f"{ARRIVALS}/{{move}}/refusal", summary="Never take a move in")
async def refuse_arrival(move: UUID, body: RefusalBody, sender: Sender, database: DatabaseOf) -> Receipt:
    """By the node that sends it: then it may give the credits back. Answers `applied` if it is too late."""
    return await receiving.refuse(database, sender, move, body.reason)


@router.get("/v1/transit", summary="What went between two nodes", response_model=Transit)
async def read_transit(sender: Sender, database: DatabaseOf) -> Response:
    """By another bank node: what this one says went there and came from there."""
    return Response(await service.transit(database.pool, sender.name), media_type="application/json")
