"""The fixtures of the system tests: `host`, on which a test runs, and `boot`, which starts
guests there and ends them all, with their consoles in the report of a test that failed.

Relies on `make system` having built the images into $BUILD. FULL=1 runs every test on every
host; without it the first two hosts, a PC and our own launcher, run all but the long ones, and the
others the smoke tests. At the end $BUILD/doors.json has what each host counted.
"""

import json
import os
import shutil
from collections import Counter

import pytest

import doors
import hosts
from wire import Wire

FULL = os.environ.get("FULL", "") not in ("", "0")


def pytest_generate_tests(metafunc):
    if "host" in metafunc.fixturenames:
        metafunc.parametrize("host", doors.DOORS, ids=[door.name for door in doors.DOORS])


def runs(item):
    """Whether a test is one of this run's. A parameter of a test can be a smoke test alone, so
    this shows only when all of them are known."""
    door = item.callspec.params.get("host") if hasattr(item, "callspec") else None
    if not door:
        return True
    item.user_properties.append(("door", door.name))
    return FULL or door in doors.DOORS[:doors.ALWAYS] or item.get_closest_marker("smoke")


def pytest_collection_modifyitems(config, items):
    chosen, others = [], []
    for item in items:
        (chosen if runs(item) else others).append(item)
    items[:] = chosen
    config.hook.pytest_deselected(items=others)
    for item in items:
        if item.get_closest_marker("full") and not FULL:
            item.add_marker(pytest.mark.skip(reason="takes long; FULL=1 runs it"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for guest in getattr(item, "guests", []):
        errors = guest.errors.decode(errors="replace")
        report.sections.append((f"console of {guest.name}", guest.text + errors))


@pytest.fixture
def boot_on(request):
    """boot_on(host, app, ...) -> Guest, as boot() with a host of the test's choice."""
    guests, folders = [], []
    request.node.guests = guests

    def start(host, app, args="", **more):
        if hosts.missing(host):
            pytest.skip(f"{host.name} is not here: {hosts.missing(host)}")
        folders.append(hosts.new_folder())
        guests.append(host.boot(folders[-1], app, args, **more))
        return guests[-1]

    yield start
    for guest in guests:
        guest.stop()
    for folder in folders:
        shutil.rmtree(folder)


@pytest.fixture
def boot(host, boot_on):
    """boot(app, args=..., disks=[...], ...) -> Guest; see Host.boot."""
    def start(app, args="", **more):
        return boot_on(host, app, args, **more)

    return start


def pytest_terminal_summary(terminalreporter, exitstatus, config):
    """For tools/doors: {door: how many tests passed and failed, and why the others did not run}."""
    counts = {door.name: {"passed": 0, "failed": 0, "skipped": Counter()} for door in doors.DOORS}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            # A file that could not be read has none.
            door = dict(getattr(report, "user_properties", [])).get("door")
            if not door:
                continue
            if outcome == "skipped":
                counts[door]["skipped"][report.longrepr[2].removeprefix("Skipped: ")] += 1
            else:
                counts[door]["passed" if outcome == "passed" else "failed"] += 1
    ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    option = config.option
    chosen = option.collectonly or option.keyword or option.markexpr or option.deselect
    whole = FULL and ended and not chosen and config.args == ["tests/system"]
    (hosts.BUILD / "doors.json").write_text(json.dumps({"whole": whole, "doors": counts}, indent=1))


@pytest.fixture
def wires():
    """wires() -> a cable of its own; all are closed at the end."""
    made = []

    def make(**more):
        made.append(Wire(hosts.new_folder(), **more))
        return made[-1]

    yield make
    for wire in made:
        wire.close()
        shutil.rmtree(wire.ours.parent)
