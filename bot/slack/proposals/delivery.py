"""The only sender of cards and of what is said beside them: from the outbox, each once.

A card is made equal to its proposal as it is stored at that moment, so that none shows an older state
than another worker showed before. Whatever Slack does not take now stays in the outbox. Used by
`service`, for the Slack app whose token this process has.
"""

import asyncio
import contextlib
from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta

from bot.approval import proposals
from bot.approval.deciding import undo_case
from bot.errors import BotError, StoreUnavailable
from bot.slack.desk import Desk
from bot.slack.outlet import SlackBusy, SlackRefused, SlackUnclear
from bot.slack.proposals import notes, posting
from bot.slack.proposals.cards import View, card
from bot.slack.proposals.posting import GONE, Spot
from bot.slack.stopping import stopped
from bot.slack.tables import Attachment
from bot.store import outbox, signs
from bot.store.outbox import CARD, App, Note, Parcel
from bot.store.proposals import Case, State
from bot.telemetry import incident, logger

LEASE_S = 60.0
"""After a crash something to show waits at most so long for another worker."""
_POST_WITHIN_S = 20.0
"""Nothing is posted later than this after a row was claimed: by then somebody else may have it."""
_POLL_S = 0.5
_DOWN_S = 2.0
_LOST_S = 3.0
"""So long after a lost answer the message is looked for."""
_UNATTACHED_S = 30.0
"""So long after a file could not be put beside a card it is tried again."""
_LATEST_S = 300.0
_REDRAWN_MAX = 500
"""So many of the newest cards are looked at when all that are open have to be drawn anew."""
_FILES_MAX = 10_000
_ALIVE_EVERY_S = 5.0
_NEEDS_FILES = frozenset({State.PENDING, State.HANDED_OVER})
_WAITING = frozenset({State.DRAFT, State.PENDING, State.APPROVED, State.EXECUTING})
_log = logger(__name__)


class Delivery:
    """Shows what waits in the outbox for one Slack app, one thing after the other."""

    def __init__(self, desk: Desk, app: App) -> None:
        self._desk = desk
        self._app = app
        self._worker = f"{desk.worker}-delivery"
        self._loop: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._alive = False
        self._drawn_with: tuple[bool, str] | None = None
        """Whether an executor was alive, and the policy's version, when open cards were drawn."""
        self._asked_at: datetime | None = None
        self._to_redraw: deque[str] = deque()
        self._files: set[tuple[str, str]] = set()
        """Proposal and name of files that are known to be in their threads."""

    def start(self) -> None:
        """Begin to show."""
        self._loop = asyncio.create_task(self._keep_showing())

    async def drain(self, seconds: float) -> None:
        """Let what is being shown end within the time, then stop; the rest stays in the outbox."""
        self._stopping.set()
        self._desk.outbox_bell.set()
        if self._loop is None:
            return
        await asyncio.wait({self._loop}, timeout=seconds)
        await stopped(self._loop)
        self._loop = None

    async def _keep_showing(self) -> None:
        while not self._stopping.is_set():
            self._desk.outbox_bell.clear()
            pause = _POLL_S
            try:
                await self._look_for_executor()
                while not self._stopping.is_set() and await self._show_next():
                    continue
            except StoreUnavailable as error:
                _log.warning("outbox not read", why=error.public)
                pause = _DOWN_S
            except Exception as error:  # noqa: BLE001
                incident(error, where="delivery")
                pause = _DOWN_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._desk.outbox_bell.wait(), pause)

    async def _look_for_executor(self) -> None:
        """Learn whether an executor is alive; where that or the policy changed, cards are drawn anew."""
        desk, now = self._desk, self._desk.now()
        if (
            self._asked_at is not None
            and 0 <= (now - self._asked_at).total_seconds() < _ALIVE_EVERY_S
        ):
            return
        alive = await signs.alive(desk.db, signs.EXECUTOR, now)
        self._asked_at = now
        policy = desk.policy()
        drawn_with = (alive, policy.version if policy else "")
        if drawn_with != self._drawn_with:
            _log.info("open cards are drawn anew", executor_alive=alive)
            self._alive, self._drawn_with = alive, drawn_with
            self._to_redraw = deque(await outbox.posted(desk.db, self._app, _REDRAWN_MAX))

    async def _show_next(self) -> bool:
        """Show one thing; False where nothing is due."""
        desk = self._desk
        parcel = await outbox.claim(desk.db, self._app, self._worker, desk.now(), LEASE_S)
        if parcel is None:
            return await self._redraw_next()
        try:
            await self._show(parcel)
        except SlackBusy as error:
            await self._later(parcel, error.after_s)
        except SlackUnclear:
            await self._later(parcel, _LOST_S)
        except StoreUnavailable:
            raise
        except BotError as error:
            _log.warning("not shown", proposal=parcel.proposal, kind=parcel.kind, why=error.public)
            await self._later(parcel, min(2.0 ** min(parcel.attempts, 10), _LATEST_S))
        except Exception as error:  # noqa: BLE001
            incident(error, proposal=parcel.proposal, kind=parcel.kind)
            await self._later(parcel, _LATEST_S)
        return True

    async def _redraw_next(self) -> bool:
        """Ask for one open card to be drawn anew; False where none is left to be."""
        desk = self._desk
        while self._to_redraw:
            case = await proposals.get(desk.db, self._to_redraw.popleft())
            if case is not None and case.proposal.state in _WAITING:
                await outbox.again(desk.db, case.proposal.id, desk.now())
                return True
        return False

    async def _later(self, parcel: Parcel, seconds: float) -> None:
        due = self._desk.now() + timedelta(seconds=max(seconds, 0.2))
        await outbox.defer(self._desk.db, parcel, self._worker, due)

    async def _show(self, parcel: Parcel) -> None:
        """Show a card or a note; a place that is gone ends it, until the next transition.

        What was proposed at a terminal has no place in Slack.
        """
        case = await proposals.get(self._desk.db, parcel.proposal)
        missing = False
        try:
            if case is None or case.proposal.thread.team != self._desk.me.team:
                ts, revision = parcel.message_ts, None
            elif parcel.kind == CARD:
                ts, missing = await self._show_card(parcel, case)
                revision = case.proposal.revision
            else:
                ts, revision = await self._show_note(parcel, case), None
        except SlackRefused as error:
            if error.error not in GONE:
                raise
            _log.error("no place to show it", proposal=parcel.proposal, why=error.error)
            ts, revision = parcel.message_ts, None
        await outbox.shown(self._desk.db, parcel, self._worker, ts, revision)
        if missing:
            due = self._desk.now() + timedelta(seconds=_UNATTACHED_S)
            await outbox.again(self._desk.db, parcel.proposal, due)

    async def _show_card(self, parcel: Parcel, case: Case) -> tuple[str, bool]:
        """Show a card, its files first; True where one that it needs is to be tried again."""
        desk, proposal = self._desk, case.proposal
        undo = await undo_case(desk.db, proposal.id) if proposal.state is State.DONE else None
        view = replace(self._view(), undo=undo)
        shown = card(case, view)
        unattached = await self._attach(self._spot(parcel, case), shown.files)
        if unattached:
            shown = card(case, replace(view, unattached=unattached))
        spot = self._spot(parcel, case)
        ts = await posting.put(desk, spot, shown, parcel.message_ts, tried=parcel.attempts > 1)
        if proposal.undo_of:
            await outbox.again(desk.db, proposal.undo_of, desk.now())
        if unattached and proposal.state in _NEEDS_FILES:
            return ts, True
        for kind in notes.due_with(case):
            await outbox.note(desk.db, proposal.id, self._app, Note(kind, desk.now()), desk.now())
        return ts, False

    async def _attach(self, spot: Spot, files: tuple[Attachment, ...]) -> str:
        """Put the files beside a card that are not known to be there; why one is not, or nothing."""
        missing = tuple(one for one in files if (spot.proposal, one.name) not in self._files)
        unattached = await posting.attach(self._desk, spot, missing)
        if not unattached:
            if len(self._files) >= _FILES_MAX:
                self._files.clear()
            self._files |= {(spot.proposal, one.name) for one in missing}
        return unattached

    async def _show_note(self, parcel: Parcel, case: Case) -> str:
        desk = self._desk
        spot = self._spot(parcel, case)
        shown = notes.note(parcel.kind, case, self._view())
        if shown is None:
            return ""
        return await posting.put(desk, spot, shown, "", tried=parcel.attempts > 1)

    def _view(self) -> View:
        desk = self._desk
        return View(
            policy=desk.policy(),
            alive=self._alive,
            team=desk.me.team,
            profile=desk.config.profile,
            now=desk.now(),
        )

    def _spot(self, parcel: Parcel, case: Case) -> Spot:
        before = self._desk.now() + timedelta(seconds=_POST_WITHIN_S)
        return Spot(case.proposal.thread, case.proposal.id, parcel.kind, before)
