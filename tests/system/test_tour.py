"""The guided tour stops at nothing that is not in the sources any more."""

import subprocess

from hosts import ROOT


def test_every_stop_is_there():
    done = subprocess.run([ROOT / "tools/tour"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    stops = [line for line in (ROOT / "docs/tour.txt").read_text().splitlines() if line[:2] == "> "]
    assert len(stops) > 30
    for stop in stops:
        file = stop[2:].split(":")[0].removesuffix(" *")
        assert f"---- {file}, line " in done.stdout
