"""The Web API's modals and Home tabs."""

from __future__ import annotations

from bot.simulator.slack.asked import Asked
from bot.simulator.slack.limits import check_sent_view
from bot.simulator.slack.shapes import Json, Refused
from bot.simulator.slack.workspace import Workspace

DEEPEST = 3


class ViewMethods:
    """views.* on one workspace."""

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def open(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/views.open"""
        view = check_sent_view(asked.thing("view"), kind="modal")
        user = self.space.use_trigger(asked.needed("trigger_id"))
        new = self.space.new_view(view)
        self.space.set_modals(user, [new])
        return {"view": new}

    def push(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/views.push"""
        view = check_sent_view(asked.thing("view"), kind="modal")
        user = self.space.use_trigger(asked.needed("trigger_id"))
        stack = self.space.surfaces[user].modals
        if not stack:
            raise Refused("not_found")
        if len(stack) >= DEEPEST:
            raise Refused("push_limit_reached")
        new = self.space.new_view(view, root=stack[0], previous=stack[-1])
        self.space.set_modals(user, [*stack, new])
        return {"view": new}

    def update(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/views.update"""
        found = self.space.view(asked.text("view_id") or asked.needed("external_id"))
        if found is None:
            raise Refused("not_found")
        user, old = found
        view = check_sent_view(asked.thing("view"), kind=old["type"])
        if asked.text("hash") and asked.text("hash") != old["hash"]:
            raise Refused("hash_conflict")
        new = self.space.changed_view(old, view)
        if old["type"] == "home":
            self.space.set_home(user, new)
        else:
            modals = self.space.surfaces[user].modals
            self.space.set_modals(user, [new if v["id"] == old["id"] else v for v in modals])
        return {"view": new}

    def publish(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/views.publish"""
        user = asked.needed("user_id")
        if user not in self.space.people:
            raise Refused("user_not_found")
        view = check_sent_view(asked.thing("view"), kind="home")
        old = self.space.surfaces[user].home
        if asked.text("hash") and old is not None and asked.text("hash") != old["hash"]:
            raise Refused("hash_conflict")
        new = self.space.new_view(view) if old is None else self.space.changed_view(old, view)
        self.space.set_home(user, new)
        return {"view": new}
