"""Archives for guests to serve: plain files, in the order given."""

import io
import tarfile


def make(path, files):
    """Write {name: bytes} as a tar archive; returns its path."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path
