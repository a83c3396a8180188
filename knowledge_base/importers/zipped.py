"""A help centre's HTML pages in one ZIP file, read without unpacking it anywhere."""

import io
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import Final

from knowledge_base.importers.checks import Found, Place, Source, read_content
from knowledge_base.importers.html import LARGEST_PAGE, read_page

_MOST_PAGES: Final = 10_000
_LARGEST_UNPACKED: Final = 256 * 2**20


def read_zip(source: Source) -> list[Found]:
    """Read every page, in the order of their names; what is wrong goes to the findings."""
    found: list[Found] = []
    place = Place(source.path, 0)
    with source.findings.kept():
        try:
            with zipfile.ZipFile(io.BytesIO(read_content(source.path))) as packed:
                found = _pages(packed, place, source)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
            raise place.error("not_a_zip", why=str(error)[:120] or type(error).__name__) from error
    return found


def _pages(packed: zipfile.ZipFile, place: Place, source: Source) -> list[Found]:
    pages = [part for part in packed.infolist() if is_page(PurePosixPath(part.filename))]
    if len(pages) > _MOST_PAGES:
        raise place.error("too_large", most=_MOST_PAGES, unit="pages")
    # A folder that holds everything names the export and not a category.
    skipped = 1 if len({PurePosixPath(page.filename).parts[0] for page in pages}) == 1 else 0
    found: list[Found] = []
    left = _LARGEST_UNPACKED
    for page in sorted(pages, key=lambda page: page.filename):
        if page.flag_bits & 1:
            raise place.error("encrypted")
        with packed.open(page) as file:
            content = file.read(min(left, LARGEST_PAGE) + 1)
        left -= len(content)
        if left < 0 or len(content) > LARGEST_PAGE:
            most = LARGEST_PAGE if len(content) > LARGEST_PAGE else _LARGEST_UNPACKED
            raise place.error("too_large", most=most >> 20, unit="MB")
        name = PurePosixPath(page.filename)
        with source.findings.kept():
            found += read_page(content, place.file / name, name.parent.parts[skipped:], source)
    return found


def is_page(name: PurePosixPath) -> bool:
    """Whether a part of the file is a page: hidden files and folders are passed over."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    return name.suffix.lower() in {".html", ".htm"} and not hidden
