"""Uploads and downloads: what a file really is, and how it leaves without being able to do harm."""

import io
import re
import zipfile
from collections import deque
from time import monotonic
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from bot.web.guard import FILE_POLICY
from bot.web.house import FileRefused, House, StoredFile, Viewer

LARGEST_FILE = 20 * 1024 * 1024
FORM_AROUND = 64 * 1024  # what multipart adds around the bytes
PHOTOS = ("image/png", "image/jpeg", "image/gif", "image/webp")
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_MARKUP = re.compile(rb"<\s*(!doctype|html|svg|script|\?xml)", re.IGNORECASE)


def sniff(data: bytes) -> str | None:
    """The media type that the bytes themselves show, or None when it is not one that we keep."""
    for start, mime in _STARTS:
        if data.startswith(start):
            return mime
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return "image/heic"
    if data.startswith(b"PK\x03\x04"):
        return _sniff_zip(data)
    return _sniff_text(data)


def _sniff_zip(data: bytes) -> str | None:
    """Office documents are archives; other archives are not kept."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    for folder, mime in _OFFICE.items():
        if any(name.startswith(folder) for name in names):
            return mime
    return "application/vnd.oasis.opendocument" if names and names[0] == "mimetype" else None


def _sniff_text(data: bytes) -> str | None:
    """Plain text in UTF-8 that a browser could not take for a page."""
    if not data or b"\0" in data or _MARKUP.search(data[:4096]):
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "text/plain"


def clean_name(name: str) -> str:
    """A file name without folders and control characters, short enough for every disk."""
    base = re.split(r"[\\/]", name)[-1]
    base = "".join(sign for sign in base if sign.isprintable()).strip(" .")
    stem, dot, ending = base.rpartition(".")
    short = f"{stem[:80]}{dot}{ending[:10]}" if dot else base[:80]
    return short or "file"


class UploadLimit:
    """So many uploads per address within ten minutes, so that no visitor fills the disk; kept in this process."""

    def __init__(self, most: int = 20, within: float = 600.0) -> None:
        self._most = most
        self._within = within
        self._seen: dict[str, deque[float]] = {}

    def allows(self, address: str) -> bool:
        """Count one upload, or say that it is one too many."""
        now = monotonic()
        if len(self._seen) > 10_000:
            self._seen = {key: times for key, times in self._seen.items() if times[-1] > now - self._within}
        times = self._seen.setdefault(address, deque())
        while times and times[0] <= now - self._within:
            times.popleft()
        if len(times) >= self._most:
            return False
        times.append(now)
        return True


async def take_upload(request: Request, house: House, viewer: Viewer, limit: UploadLimit) -> dict[str, object]:
    """Read one multipart file, look at what it is, and keep it. Raises FileRefused."""
    announced = request.headers.get("content-length", "")
    if not announced.isdigit():
        raise FileRefused("file_length")
    if int(announced) > LARGEST_FILE + FORM_AROUND:
        raise FileRefused("file_too_large")
    if not limit.allows(viewer.address):
        raise FileRefused("file_too_many")
    async with request.form(max_files=1, max_fields=4) as form:
        part = form.get("file")
        if part is None or isinstance(part, str):
            raise FileRefused("file_missing")
        data, name = await part.read(), clean_name(part.filename or "")
    return await _keep(house, viewer, name, data)


async def _keep(house: House, viewer: Viewer, name: str, data: bytes) -> dict[str, object]:
    if len(data) > LARGEST_FILE:
        raise FileRefused("file_too_large")
    mime = sniff(data)
    if mime is None:
        raise FileRefused("file_kind" if data else "file_missing")
    ref = await house.save_file(viewer, name, mime, data)
    return {"ref": ref, "kind": kind_of(mime), "file_name": name, "size": len(data)}


def kind_of(mime: str) -> str:
    """A photo is shown in the talk, a document is offered for download."""
    return "photo" if mime in PHOTOS else "document"


def file_response(stored: StoredFile) -> Response:
    """The bytes of a file: photos to look at, everything else to save; neither may run anything."""
    shown = "inline" if stored.mime in PHOTOS else "attachment"
    mime = stored.mime if stored.mime in PHOTOS else "application/octet-stream"
    headers = {
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(stored.file_name, safe='')}",
        "Content-Security-Policy": FILE_POLICY,
        "Cache-Control": "private, max-age=3600",
    }
    return Response(stored.data, media_type=mime, headers=headers)
