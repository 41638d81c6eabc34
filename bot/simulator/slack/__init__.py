"""A Slack to talk to without a Slack: what every test uses in-process, and what the demo's page is a face of."""

from bot.simulator.slack.server import Slack
from bot.simulator.slack.shapes import Call, Channel, Delivery, File, FormRefused, Message, Person, World
from bot.simulator.slack.spots import Place
from bot.simulator.slack.words import pinged, pings

__all__ = [
    "Call",
    "Channel",
    "Delivery",
    "File",
    "FormRefused",
    "Message",
    "Person",
    "Place",
    "Slack",
    "World",
    "pinged",
    "pings",
]
