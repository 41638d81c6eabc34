"""What the web page of the built-in Slack talks to: a stream of what one person sees, and what they do."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable

from aiohttp import web

from bot.simulator.slack.guard import Doing, guarded, in_words
from bot.simulator.slack.page_files import index, shared, static
from bot.simulator.slack.person import People
from bot.simulator.slack.shapes import Delivery, FormRefused, Json, Message, World
from bot.simulator.slack.spots import Place
from bot.simulator.slack.workspace import Change, Workspace

KEEP_OPEN_SECONDS = 15.0
Queue = asyncio.Queue[tuple[str, Json] | None]


class Page:
    """The page's side of one workspace."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.space: Workspace = people.space
        self.world: World | None = None
        self._streams: dict[Queue, str] = {}
        self.space.watchers.append(self._changed)

    def routes(self) -> list[web.RouteDef]:
        """What the server has to route here."""
        doings: dict[str, Doing] = {
            "say": self.say,
            "act": self.act,
            "submit": self.submit,
            "close": self.close,
            "home": self.home,
            "suggest": self.suggest,
            "file": self.file,
            "shortcut": self.shortcut,
        }
        return [
            web.get("/", guarded(index)),
            web.get("/page/{name:.+}", guarded(static)),
            web.get("/files/{id}/{name}", guarded(self.download)),
            web.get("/stream", guarded(self.stream)),
            web.get("/do/world", guarded(self.look_at_world)),
            web.post("/do/world", guarded(in_words(self.play))),
            *(web.post(f"/do/{name}", guarded(in_words(self._of_someone(do)))) for name, do in doings.items()),
        ]

    # What is seen

    def snapshot(self, user: str) -> Json:
        """All that this person can see."""
        space = self.space
        channels = [c for c in space.channels_of(user) if not c.direct]
        direct = space.directs[user]
        return {
            "me": user,
            "people": [
                {"id": p.id, "name": p.name, "real_name": p.real_name, "note": p.note}
                for p in space.people.values()
                if not p.deactivated
            ],
            "bot": {"id": space.ids.bot_user_id, "name": space.ids.bot_name},
            "channels": [
                {
                    "id": c.id,
                    "name": c.name,
                    "private": c.private,
                    "archived": c.archived,
                    "member_count": len(c.members) + c.bot_in,
                }
                for c in channels
            ],
            "dms": [{"id": direct.id, "name": space.ids.bot_name}],
            "messages": {c.id: [self.message(m, user) for m in space.said(c.id, to=user)] for c in (*channels, direct)},
            "home": space.surfaces[user].home,
            "modal": self._modal(user),
            "world": self._world_state(),
            "shortcuts": [dict(one) for one in self.people.shortcuts],
        }

    def message(self, message: Message, user: str) -> Json:
        """A message as the page draws it for this person."""
        ids = self.space.ids
        return {
            "ts": message.ts,
            "channel": message.channel,
            "user": message.user,
            "bot_id": ids.bot_id if message.bot else None,
            "username": self.space.name_of(message.user),
            "text": message.text,
            "blocks": list(message.blocks),
            "thread_ts": message.thread_ts,
            "ephemeral": message.ephemeral_to is not None,
            # Slack does not mark a message as edited when its blocks were: reference/methods/chat.update
            "edited": message.edited and not message.blocks,
            "files": [
                {
                    "id": f.id,
                    "name": f.name,
                    "mimetype": f.mimetype,
                    "size": f.size,
                    "url": f"/files/{f.id}/{f.name}",
                }
                for f in message.files
            ],
            "reactions": [name for name, _ in message.reactions],
            "reply_count": len(self.space.replies(message, to=user)),
        }

    def _modal(self, user: str) -> Json | None:
        modals = self.space.surfaces[user].modals
        return self.people.payloads.view(modals[-1], by=user) if modals else None

    def _world_state(self) -> Json:
        return self.world.state() if self.world is not None else {}

    def _changed(self, change: Change) -> None:
        for queue, user in self._streams.items():
            if change.user in (None, user):
                told = self._told(change, user)
                if told is not None:
                    queue.put_nowait(told)

    def _told(self, change: Change, user: str) -> tuple[str, Json] | None:
        """The event this person gets of a change; None when it is not theirs to see."""
        message = change.message
        if message is not None:
            if not self.space.may_see(user, message.channel) or message.ephemeral_to not in (None, user):
                return None
            if change.kind == "deleted":
                return "deleted", {"channel": message.channel, "ts": message.ts}
            return "message", {"channel": message.channel, "message": self.message(message, user)}
        told: dict[str, Callable[[], Json]] = {
            "modal": lambda: {"view": self._modal(user)},
            "home": lambda: {"view": self.space.surfaces[user].home},
            "world": self._world_state,
            "error": lambda: {"text": change.text},
            "channels": lambda: self.snapshot(user),
        }
        if change.kind not in told:
            return None
        return ("snapshot" if change.kind == "channels" else change.kind), told[change.kind]()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """The stream of one person (the first, where none is named): first everything, then each change."""
        user = request.query.get("as") or next(p.id for p in self.space.people.values() if not p.deactivated)
        if user not in self.space.people:
            return web.json_response({"ok": False, "error": f"There is nobody called {user} here."}, status=404)
        answer = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await answer.prepare(request)
        queue: Queue = asyncio.Queue()
        queue.put_nowait(("snapshot", self.snapshot(user)))
        self._streams[queue] = user
        try:
            await _pour(queue, answer)
        except ConnectionError:
            pass
        finally:
            del self._streams[queue]
        return answer

    def end(self) -> None:
        """Ends all streams."""
        for queue in self._streams:
            queue.put_nowait(None)

    # What is done

    def _of_someone(self, do: Doing) -> Doing:
        """The same, for people with an account only."""

        async def doing(body: Json) -> Json:
            if body.get("as") not in self.space.people:
                raise LookupError(f"There is nobody called {body.get('as')} here.")
            return await do(body)

        return doing

    async def say(self, body: Json) -> Json:
        """Writes; a refused command shows in the channel, in Slack's words."""
        text = str(body["text"]).strip()
        if not text:
            raise LookupError("There is nothing to send.")
        await self.people.say(
            text, by=body["as"], channel=str(body["channel"]), thread_ts=body.get("thread_ts") or None
        )
        return {}

    def _place(self, body: Json) -> Place:
        if body.get("view_id"):
            return {"id": body["view_id"]}
        message = self.space.find(str(body.get("channel")), str(body.get("ts")))
        if message is None:
            raise LookupError("This message is gone.")
        return message

    async def act(self, body: Json) -> Json:
        """Presses or chooses."""
        by = str(body["as"])
        spot = self.people.spot(self._place(body), by=by)
        done = await self.people.act(spot, str(body["block_id"]), str(body["action_id"]), body.get("value"), by=by)
        return _went(done)

    async def submit(self, body: Json) -> Json:
        """Sends the open modal."""
        by, forms = str(body["as"]), self.people.forms
        view = forms.top(by)
        if view["id"] != body["view_id"]:
            raise LookupError("This modal is not open any more.")
        for block_id, values in body["values"].items():
            for action_id, value in values.items():
                forms.fill(view, block_id, action_id, value if value is not None else "", by=by)
        try:
            done = await forms.send(by=by)
        except FormRefused as refused:
            return {"ok": False, "errors": refused.errors}
        if done.trouble is not None:
            return {"ok": False, "error": (done.errors or {}).get("", done.trouble)}
        return {"ok": False, "errors": done.errors} if done.errors else {}

    async def close(self, body: Json) -> Json:
        """Closes the open modal."""
        if self.people.forms.top(body["as"])["id"] == body["view_id"]:
            await self.people.close_modal(by=body["as"])
        return {}

    async def home(self, body: Json) -> Json:
        """Opens the Home tab."""
        await self.people.open_home(by=body["as"])
        return {}

    async def suggest(self, body: Json) -> Json:
        """What an external menu offers."""
        place, action_id = self._place(body), str(body["action_id"])
        offered = await self.people.type_ahead(place, action_id, str(body.get("query") or ""), by=body["as"])
        return {"options": offered}

    async def file(self, body: Json) -> Json:
        """Uploads a file, whose content is in base64, into a channel, or without one for a file input of a modal."""
        name, by = str(body["name"]), str(body["as"])
        content = base64.b64decode(body["content"], validate=True)
        if body.get("channel"):
            kept = await self.people.share(name=name, content=content, by=by, channel=str(body["channel"]))
        else:
            kept = self.people.upload(name=name, content=content, by=by)
        return {"file": {"id": kept.id, "name": kept.name}}

    async def shortcut(self, body: Json) -> Json:
        """Starts a shortcut: of the message that is named, else a global one."""
        callback_id, by = str(body["callback_id"]), str(body["as"])
        if not body.get("ts"):
            return _went(await self.people.global_shortcut(callback_id, by=by))
        message = self._place({"channel": body.get("channel"), "ts": body["ts"]})
        if not isinstance(message, Message):
            raise LookupError("This message is gone.")
        return _went(await self.people.message_shortcut(callback_id, message, by=by))

    async def download(self, request: web.Request) -> web.StreamResponse:
        """An uploaded file."""
        file = self.space.files.get(request.match_info["id"])
        if file is None:
            raise web.HTTPNotFound
        return shared(file)

    async def look_at_world(self, _request: web.Request) -> web.StreamResponse:
        """What can be done to the world, and how it stands."""
        controls = self.world.controls() if self.world is not None else []
        return web.json_response({"controls": controls, "state": self._world_state()})

    async def play(self, body: Json) -> Json:
        """Does something to the world."""
        if self.world is None:
            raise LookupError("There is no world behind this page.")
        said = await self.world.play(str(body["id"]), {k: str(v) for k, v in (body.get("fields") or {}).items()})
        self.space.changed(Change("world"))
        return {"said": said}


async def _pour(queue: Queue, answer: web.StreamResponse) -> None:
    while True:
        try:
            async with asyncio.timeout(KEEP_OPEN_SECONDS):
                told = await queue.get()
        except TimeoutError:
            await answer.write(b": still here\n\n")
            continue
        if told is None:
            return
        event, data = told
        await answer.write(f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode())


def _went(done: Delivery) -> Json:
    return {} if done.ok else {"ok": False, "error": f"That did not work ({done.trouble}). Try again."}
