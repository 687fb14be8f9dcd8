"""Zip files that depend on nothing but their content: not on the clock, the umask or the order of files on disk."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping

# The oldest time that a zip can hold.
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644
_LEVEL = 9

_SAMPLE = "".join(f"{number * number} squared is {number**4}\n" for number in range(2000)).encode()
_REFERENCE = "a02dc774a3dc0adbcd9a70996513273fbff0f02bbe40865058cb749ce4516ac2"


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip of `files` (path in the zip to content): sorted, without times, readable by everybody, deflated."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system = 3  # Unix, also elsewhere: it gives the mode its meaning
            entry.external_attr = _MODE << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, _LEVEL)
    return target.getvalue()


def is_reference_deflate() -> bool:
    """Whether this Python's zlib writes the same bytes as the original one. Some systems ship another library."""
    return hashlib.sha256(zlib.compress(_SAMPLE, _LEVEL)).hexdigest() == _REFERENCE
