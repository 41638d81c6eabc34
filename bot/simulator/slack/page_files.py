"""The files of the page, and those that people and the bot have uploaded."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from bot.simulator.slack.shapes import File

FOLDER = Path(__file__).parent.parent / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif"})


async def index(_request: web.Request) -> web.StreamResponse:
    """The page itself."""
    return _file(FOLDER / "index.html")


async def static(request: web.Request) -> web.StreamResponse:
    """A part of the page."""
    name = request.match_info["name"]
    if "\0" in name:  # no file has such a name, and asking the system for it is an error
        raise web.HTTPNotFound
    wanted = (FOLDER / name).resolve()
    if not wanted.is_relative_to(FOLDER.resolve()):
        raise web.HTTPNotFound
    return _file(wanted)


def shared(file: File) -> web.StreamResponse:
    """An uploaded file; pictures are shown, everything else is downloaded and never a page of ours."""
    headers = {
        "Content-Type": file.mimetype,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": "inline" if file.mimetype in PICTURES else "attachment",
    }
    return web.Response(body=file.content, headers=headers)


def _file(path: Path) -> web.StreamResponse:
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})
