"""The directory of a zip file and the headers in it, read strictly.

Zip readers disagree about files that say a thing twice and differently (sizes, names, the place of
the directory), and damage hides there too. So everything that is said twice must agree, and the
members must fill the file from its first byte to the directory, with nothing between them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ...errors import ModelReadError, shown
from ..input_file import InputFile
from .other_archives import is_torch, listed_names, other_archive

STORED, DEFLATED = 0, 8
ENCRYPTED, DESCRIPTOR, UTF8 = 0x1, 0x8, 0x800
_KNOWN_FLAGS = DESCRIPTOR | UTF8 | 0x6  # 0x6: how hard the writer compressed

END = struct.Struct("<4s4H2LH")  # end of the directory
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR64 = struct.Struct("<4sLQL")
ENTRY = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
MAX_DESCRIPTOR = 24  # bytes after a payload
NO_COUNT, NO_SIZE = 0xFFFF, 0xFFFFFFFF  # "see the zip64 field"


@dataclass(frozen=True)
class Entry:
    """One member as the directory names it."""

    name: bytes
    flags: int
    method: int
    crc32: int
    n_payload: int  # compressed
    n_bytes: int  # decompressed
    offset: int  # of its local header

    @property
    def key(self) -> str:
        """The name without ``.npy``."""
        text = self.name.decode("utf-8" if self.flags & UTF8 else "cp437")
        return text.removesuffix(".npy")


def read_directory(file: InputFile) -> tuple[list[Entry], int]:
    """The entries in the directory's order, and where the directory begins.

    Raises:
        ModelReadError: damaged, or an archive of something else than arrays or a torch.save file.
    """
    try:
        entries, start = _read_entries(file)
    except ModelReadError as error:
        names = listed_names(file)
        if names and not all(map(is_array, names)) and not is_torch(names):
            raise other_archive(names) from error
        raise
    names = [entry.name for entry in entries]
    if not is_torch(names) and not all(map(is_array, names)):
        raise other_archive(names)
    return entries, start


def _read_entries(file: InputFile) -> tuple[list[Entry], int]:
    limits = file.limits
    start, size, count = _find_directory(file)
    if count > limits.members:
        message = f"the archive has {count} members; the limit is {limits.members}"
        raise ModelReadError(message, offset=file.n_bytes - END.size)
    if size > limits.members * 1024:
        raise ModelReadError("the archive's directory is too large", offset=start)
    directory = file.peek_at(start, size)
    entries, at = [], 0
    for _ in range(count):
        entry, at = _parse_entry(directory, at, start)
        entries.append(entry)
    if at != size:
        message = f"the archive's directory does not hold exactly its {count} entries"
        raise ModelReadError(message, offset=start + at)
    return entries, start


def _find_directory(file: InputFile) -> tuple[int, int, int]:
    """Where the directory begins, its size and its number of entries."""
    at = file.n_bytes - END.size
    if at < 0 or file.peek_at(at, 4) != b"PK\5\6":
        message = "the archive does not end in its directory; the file is cut short or damaged"
        raise ModelReadError(message, offset=max(at, 0))
    _, disk, first_disk, here, count, size, start, n_comment = END.unpack(
        file.peek_at(at, END.size)
    )
    narrow = (disk, first_disk, here, count, size, start)
    wide, end = _find_zip64(file, at)
    if wide:
        unsaid = (NO_COUNT,) * 4 + (NO_SIZE,) * 2
        if any(n not in (w, no) for n, w, no in zip(narrow, wide, unsaid, strict=True)):
            raise ModelReadError("the archive's two ends differ", offset=at)
        disk, first_disk, here, count, size, start = wide
    if disk or first_disk or here != count or n_comment or start + size != end:
        message = "the end of the archive does not agree with the rest of it"
        raise ModelReadError(message, offset=at)
    return start, size, count


def _find_zip64(file: InputFile, end: int) -> tuple[tuple[int, ...] | None, int]:
    """The numbers of the zip64 record before ``end``, if one is there, and the directory's end."""
    at = end - LOCATOR64.size
    if at < END64.size or file.peek_at(at, 4) != b"PK\6\7":
        return None, end
    _, disk, offset, n_disks = LOCATOR64.unpack(file.peek_at(at, LOCATOR64.size))
    record = END64.unpack(file.peek_at(at - END64.size, END64.size))
    if record[:2] != (b"PK\6\6", END64.size - 12) or (disk, n_disks) != (0, 1):
        raise ModelReadError("a damaged zip64 record", offset=at - END64.size)
    if offset != at - END64.size:
        raise ModelReadError("the zip64 record is elsewhere", offset=at)
    return record[4:], offset


def _parse_entry(directory: bytes, at: int, start: int) -> tuple[Entry, int]:
    if directory[at : at + 4] != b"PK\1\2" or at + ENTRY.size > len(directory):
        raise ModelReadError("a damaged directory entry", offset=start + at)
    numbers = ENTRY.unpack_from(directory, at)
    _, _, _, flags, method, _, _, crc32, n_payload, n_bytes = numbers[:10]
    n_name, n_extra, n_comment, disk, _, _, offset = numbers[10:]
    end = at + ENTRY.size + n_name + n_extra
    if end > len(directory) or n_comment or disk:
        raise ModelReadError("a damaged directory entry", offset=start + at)
    name = directory[at + ENTRY.size : at + ENTRY.size + n_name]
    extra = directory[end - n_extra : end]
    n_bytes, n_payload, offset = _widened(extra, (n_bytes, n_payload, offset), name=name)
    entry = Entry(name, flags, method, crc32, n_payload, n_bytes, offset)
    _check_entry(entry, offset=start + at)
    return entry, end


def _check_entry(entry: Entry, *, offset: int) -> None:
    """What one entry says of itself must be something that ``numpy.savez`` could have meant."""
    name = shown(entry.name)
    if entry.flags & ENCRYPTED:
        raise ModelReadError(f"member {name} is encrypted", offset=offset)
    if entry.flags & ~_KNOWN_FLAGS or entry.method not in (STORED, DEFLATED):
        message = f"member {name} is packed in a way that no .npz uses"
        raise ModelReadError(message, offset=offset)
    try:
        key = entry.key
    except UnicodeDecodeError as error:
        message = f"member {name} has no readable name"
        raise ModelReadError(message, offset=offset) from error
    if is_array(entry.name) and not is_plain_key(key):
        raise ModelReadError(f"member {name} has a name that no .npz uses", offset=offset)
    if entry.method == STORED and entry.n_payload != entry.n_bytes:
        message = f"member {name} is stored, but its two sizes differ"
        raise ModelReadError(message, offset=offset)


def is_array(name: bytes) -> bool:
    """Whether a member of this name is an array of a .npz."""
    return name.endswith(b".npy") and not set(name) & set(b"/\\")


def is_plain_key(key: str) -> bool:
    """No path, nothing unprintable, and no second ``.npy``, which np.load would confuse."""
    return (
        0 < len(key) <= 255
        and key.isprintable()
        and not set(key) & set("/\\")
        and not key.endswith(".npy")
    )


def payload_starts(file: InputFile, entries: list[Entry], end: int) -> dict[str, int]:
    """Where each member's payload begins; the members must fill the file up to its directory."""
    starts, at = {}, 0
    walk = sorted(entries, key=lambda entry: entry.offset)
    for entry, after in zip(walk, [*(entry.offset for entry in walk[1:]), end], strict=True):

        def error(message: str, entry: Entry = entry) -> ModelReadError:
            return ModelReadError(message, key=entry.key, offset=entry.offset)

        if entry.offset != at:
            raise error("bytes that belong to no member, or members that overlap")
        header = file.peek_at(at, LOCAL.size)
        if not header.startswith(b"PK\3\4"):
            raise error("no member begins here, though the directory says so")
        *_, n_name, n_extra = LOCAL.unpack(header)
        start = at + LOCAL.size + n_name + n_extra
        check_local(file.peek_at(at, start - at), entry)
        n_after = after - start - entry.n_payload
        if not 0 <= n_after <= MAX_DESCRIPTOR:
            raise error("the member does not fit between its neighbors")
        check_descriptor(file.peek_at(after - n_after, n_after), entry)
        starts[entry.key], at = start, after
    return starts


def check_local(header: bytes, entry: Entry) -> None:
    """Refuse a local header (with name and extra field) that contradicts the directory."""
    _, _, flags, method, _, _, crc32, n_payload, n_bytes, n_name, _ = LOCAL.unpack_from(header)
    name = header[LOCAL.size : LOCAL.size + n_name]
    extra = header[LOCAL.size + n_name :]
    n_bytes, n_payload = _widened(extra, (n_bytes, n_payload), name=name)
    said = (crc32, n_payload, n_bytes)
    truth = (entry.crc32, entry.n_payload, entry.n_bytes)
    # A writer that streams knows them only afterwards, and puts zeros here.
    streamed = entry.flags & DESCRIPTOR and said == (0, 0, 0)
    same = (name, flags, method) == (entry.name, entry.flags, entry.method)
    if not same or (said != truth and not streamed):
        message = f"member {shown(entry.name)} and the directory's entry for it differ"
        raise ModelReadError(message, offset=entry.offset)


def check_descriptor(data: bytes, entry: Entry) -> None:
    """``data``, between a payload and the next member: nothing, or the data descriptor."""
    truth = (entry.crc32, entry.n_payload, entry.n_bytes)
    allowed = [b""]
    if entry.flags & DESCRIPTOR:  # four forms are in use: signature or not, zip64 or not
        forms = ["<LQQ"] if max(truth) > NO_SIZE else ["<LQQ", "<LLL"]
        bare = [struct.pack(form, *truth) for form in forms]
        allowed = bare + [b"PK\7\x08" + numbers for numbers in bare]
    if data not in allowed:
        message = f"bytes that belong to no member, or overlap, after member {shown(entry.name)}"
        raise ModelReadError(message, offset=entry.offset)


def _widened(extra: bytes, sizes: tuple[int, ...], *, name: bytes) -> list[int]:
    """``sizes`` with the zip64 field's numbers in place of those that say "see there"."""
    wide, at = b"", 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        at += 4 + length
        if kind == 1:
            wide = extra[at - length : at]
    if at != len(extra):
        raise ModelReadError(f"member {shown(name)} has a damaged extra field")
    n_wide = sum(size == NO_SIZE for size in sizes)
    if 8 * n_wide > len(wide):
        raise ModelReadError(f"member {shown(name)} lacks its zip64 sizes")
    numbers = iter(struct.unpack_from(f"<{n_wide}Q", wide))
    return [next(numbers) if size == NO_SIZE else size for size in sizes]
