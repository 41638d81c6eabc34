"""The simulator's SmartHub: the world of its SIMs, the server in front of it, and the notifications it sends."""

from bot.simulator.hub.server import Asked, Hub

__all__ = ["Asked", "Hub"]
