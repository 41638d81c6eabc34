"""Modals from the side of the person: filling, sending, closing, and what the bot's answer does to them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.simulator.slack.answers import Answers
from bot.simulator.slack.elements import Value, check_filled, chosen_state, find_input
from bot.simulator.slack.limits import check_sent_view
from bot.simulator.slack.payloads import Payloads
from bot.simulator.slack.sending import Ack, Line
from bot.simulator.slack.shapes import Delivery, Json, Refused
from bot.simulator.slack.words import elements
from bot.simulator.slack.workspace import Workspace

NOT_TAKEN = "We had some trouble connecting. Try again?"


class Forms:
    """The modals of all people of one workspace."""

    def __init__(self, space: Workspace, line: Line, answers: Answers, payloads: Payloads) -> None:
        self.space = space
        self.line = line
        self.answers = answers
        self.payloads = payloads

    def top(self, by: str) -> Json:
        """The modal in front of this person; LookupError when none is open."""
        surface = self.space.surfaces.get(by)
        if surface is None or not surface.modals:
            raise LookupError(f"No modal is open for {by}.")
        return surface.modals[-1]

    async def submit(self, *, by: str, values: Mapping[str, Value]) -> Delivery:
        """Fills inputs by block_id, action_id or label, and sends the form."""
        view = self.top(by)
        for name, value in values.items():
            block, element = find_input(view, name)
            self.fill(view, block["block_id"], element["action_id"], value, by=by)
        return await self.send(by=by)

    def fill(self, view: Json, block_id: str, action_id: str, value: Value, *, by: str) -> None:
        """Puts a value into one input; an empty one clears it."""
        every = elements(view["blocks"])
        found = [e for b, e in every if b["block_id"] == block_id and e["action_id"] == action_id]
        if not found:
            raise LookupError(f"There is no input {block_id}/{action_id} in this modal.")
        offered = self.space.offered.get((by, action_id), ())
        files = {f.id: self.payloads.drawn.file(f) for f in self.space.files.values() if f.user == by}
        state = chosen_state(found[0], value, offered=offered, files=files)
        self.space.choices.setdefault((by, view["id"]), {}).setdefault(block_id, {})[action_id] = state

    async def send(self, *, by: str) -> Delivery:
        """Sends the form as it is filled; raises FormRefused where Slack's client would not."""
        view = self.top(by)
        filled = self.payloads.view(view, by=by)
        if not view["submit"]:
            raise LookupError("This modal has no submit button.")
        check_filled(view, filled["state"])
        chosen = (said for fields in filled["state"]["values"].values() for said in fields.values())
        self.space.handed.update(file["id"] for said in chosen for file in said.get("files") or ())
        payload = self.payloads.base("view_submission", by=by) | {"trigger_id": self.space.new_trigger(by)}
        ack = await self.line.interaction(payload | {"view": filled, "response_urls": self._urls(filled, by=by)})
        return self._answered(ack, view, by=by)

    def _urls(self, view: Json, *, by: str) -> list[Json]:
        urls = []
        for block, element in elements(view["blocks"]):
            if element.get("response_url_enabled"):
                state = view["state"]["values"][block["block_id"]][element["action_id"]]
                channel = state.get("selected_conversation") or state.get("selected_channel")
                if channel is not None:
                    url = self.answers.new_url(channel=channel, user=by)
                    names = {"block_id": block["block_id"], "action_id": element["action_id"]}
                    urls.append({**names, "channel_id": channel, "response_url": url})
        return urls

    def _answered(self, ack: Ack, view: Json, *, by: str) -> Delivery:
        status = max(ack.status, 0)
        if ack.status != 200:
            trouble = "operation_timeout" if ack.status == 0 else "dispatch_failed"
            return Delivery(status, ack.took, errors={"": NOT_TAKEN}, body=ack.body, trouble=trouble)
        try:
            errors = self._follow(json.loads(ack.body) if ack.body.strip() else {}, view, by=by)
        except (Refused, ValueError) as exc:
            return Delivery(status, ack.took, errors={"": NOT_TAKEN}, body=ack.body, trouble=str(exc))
        return Delivery(status, ack.took, errors=errors, body=ack.body)

    def _follow(self, said: Json, view: Json, *, by: str) -> dict[str, str] | None:
        """Does what the answer says; gives back the errors to be shown in the form."""
        stack = list(self.space.surfaces[by].modals)
        at = next((n for n, v in enumerate(stack) if v["id"] == view["id"]), None)
        match said.get("response_action"):
            case "errors":
                return self._errors(said.get("errors"), view)
            case "clear":
                self.space.set_modals(by, [])
            case "update" if at is not None:
                stack[at] = self.space.changed_view(stack[at], check_sent_view(said.get("view"), kind="modal"))
                self.space.set_modals(by, stack)
            case "push":
                new = check_sent_view(said.get("view"), kind="modal")
                self.space.set_modals(by, [*stack, self.space.new_view(new, root=stack[0], previous=stack[-1])])
            case None:
                self.space.choices.pop((by, view["id"]), None)
                self.space.set_modals(by, [v for v in stack if v["id"] != view["id"]])
            case other:
                raise Refused("invalid_response_action", [f"{other} is not known [json-pointer:/response_action]"])
        return None

    @staticmethod
    def _errors(errors: object, view: Json) -> dict[str, str]:
        inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors:
            raise Refused("invalid_errors", ["must be an object that is not empty [json-pointer:/errors]"])
        for block_id, text in errors.items():
            if block_id not in inputs:
                raise Refused("invalid_errors", [f"there is no input block {block_id} [json-pointer:/errors]"])
            if not isinstance(text, str) or not text:
                raise Refused("invalid_errors", [f"must be a string [json-pointer:/errors/{block_id}]"])
        return errors

    async def close(self, *, by: str) -> Delivery:
        """Takes the modal in front away; the bot is told when it asked for that."""
        view = self.top(by)
        closed = self.payloads.base("view_closed", by=by) | {"view": self.payloads.view(view, by=by)}
        self.space.choices.pop((by, view["id"]), None)
        self.space.set_modals(by, self.space.surfaces[by].modals[:-1])
        if not view["notify_on_close"]:
            return Delivery(200)
        ack = await self.line.interaction(closed | {"is_cleared": False})
        trouble = None if ack.status == 200 else "dispatch_failed"
        return Delivery(max(ack.status, 0), ack.took, body=ack.body, trouble=trouble)
