"""A small program in the bot's place: it is up at once, fails or stays silent as it is told."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from bot.simulator.process import BotProcess

PROGRAM = """
import os, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

folder = Path(__file__).parent.parent
with (folder / "starts").open("a") as starts:
    starts.write(f"{os.getpid()}\\n")
if (folder / "fails").exists():
    sys.exit("There is no bread.")


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if not (folder / "silent").exists() else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()


server = HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
"""


class StandIn(BotProcess):
    """The bot's process, with that program in it; `starts` counts how often it was started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bot").mkdir()
        (folder / "bot" / "__init__.py").touch()
        (folder / "bot" / "__main__.py").write_text(PROGRAM, "utf-8")
        # With the safe path, the folder one stands in does not come first, and this `bot` is found before the other.
        environ = {**os.environ, "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}
        self.log = folder / "bot.log"
        super().__init__(config=folder / "config.toml", environ=environ, port=free_port(), log=self.log)

    @property
    def starts(self) -> int:
        """How many processes there were."""
        starts = self.folder / "starts"
        return len(starts.read_text("utf-8").splitlines()) if starts.exists() else 0

    def becomes(self, what: str) -> None:
        """From now on it `fails` or is `silent`."""
        (self.folder / what).touch()

    def recovers(self) -> None:
        """From now on it works."""
        for what in ("fails", "silent"):
            (self.folder / what).unlink(missing_ok=True)


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
