"""The Open POSIX test suite, program by program: linked as an image that the launcher runs and, from the
same object with the same C library, as a program for 32-bit Linux that this machine runs. `make posix`
writes the table of what passes on both into docs/posix.md; `suite.py NAME...` runs those whose names
begin so, and prints what they said.

Relies on the suite's sources (tools/setup posix), the kit and the launcher in $BUILD. Programs mostly sleep, so
some run at a time; each has a folder of its own, and an end after TIMEOUT seconds. Nothing here passes or
fails: what a program leaves with is counted.
"""

import collections
import concurrent.futures
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", ROOT / "build")).resolve()
SUITE = ROOT / "build/deps/posixtestsuite-1.5.2"
CC = str(BUILD / "sdk/bin/ringlet-cc")
LGUEST = str(BUILD / "lguest")
PAGE = ROOT / "docs/posix.md"
BEGIN, END = "<!-- posix: written by make posix -->", "<!-- end of posix -->"
RESULTS = BUILD / "posix.json"  # with what each program said
WORKERS = int(os.environ.get("POSIX_WORKERS", "4"))
TIMEOUT = int(os.environ.get("POSIX_TIMEOUT", "30"))
CFLAGS = ["-std=gnu99", "-O1", "-w", "-D_GNU_SOURCE", f"-I{SUITE}/include"]
# posixtest.h, and what the shell makes of a program that is ended.
CODES = {0: "pass", 1: "fail", 2: "unresolved", 4: "unsupported", 5: "untested"}


def sources(prefixes):
    """The programs of the suite: what has a main, and is not there to be compiled only."""
    for path in sorted(SUITE.glob("conformance/**/*.c")):
        name = str(path.relative_to(SUITE / "conformance").with_suffix("")).replace("interfaces/", "")
        if "buildonly" in name or not re.search(r"\bmain\s*\(", path.read_text(errors="replace")):
            continue
        if not prefixes or any(name.startswith(prefix) for prefix in prefixes):
            yield name, path


def run(command, folder, seconds=TIMEOUT):
    """Runs it to its end, or until its time is up, with all that it started: (code, what it said)."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            code = "hung"
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
        said.seek(0)
        return code, said.read(64 << 10).decode(errors="replace")


def outcome(code):
    if code == "hung":
        return code
    return CODES.get(code, f"signal {-code}" if code < 0 else f"exit {code}")


def one(program):
    """What became of one program on both sides: {"image": [outcome, text], "linux": ...}."""
    name, source = program
    with tempfile.TemporaryDirectory(prefix="posix.") as folder:
        code, said = run([CC, *CFLAGS, f"-I{source.parent}", "-c", "-o", "test.o", str(source)], folder, 120)
        if code != 0:
            return name, {"image": ["not compiled", said], "linux": ["not compiled", said]}
        result = {}
        for side, words, before in (("linux", ["--native"], []), ("image", [], [LGUEST, "16"])):
            code, said = run([CC, *words, "-s", "-o", side, "test.o"], folder, 120)
            if code != 0:
                result[side] = ["not linked", said]
                continue
            work = f"{folder}/work-{side}"
            os.makedirs(work)
            code, said = run([*before, f"{folder}/{side}"], work)
            result[side] = [outcome(code), said]
        return name, result


# ---- the page ----

# Why a program that passes on Linux does not pass as an image: the first whose pattern is in the program's
# name, its text or what it said.
REASONS = [
    ("there is no other process (`fork`, `exec`, `system`, `popen`)",
     "", r"\b(fork|exec[lv]p?e?|system|popen)\s*\(", r"system call (2|11|120|190):"),
    ("the clock is the host's and cannot be set", "^clock_settime/", r"\bclock_settime\s*\(", "system call 264:"),
    ("there is one process, which is number 1 and asks nobody's leave", "^(kill|killpg|sigqueue)/", "", ""),
    ("`/etc/passwd` is the root's, which is empty here", "", "", "no other user than current"),
    ("addresses are physical: a mapping shared with a file has one address, and memory given back is not taken away",
     "^(mmap|munmap)/", "", ""),
    ("nothing is ever paged out, so `msync` does not refuse memory that is locked (`EBUSY`)", "", "MS_INVALIDATE", ""),
    ("`SIGEV_THREAD` of a queue of messages", "^mq_", "SIGEV_THREAD", ""),
    ("mutexes know no priorities and no owner that dies", "", "PTHREAD_PRIO|PRIO_INHERIT", ""),
    ("threads have no priorities", "^(sched_|pthread_setsched|pthread_attr_setsched|pthread_mutex_)",
     r"\bSCHED_(FIFO|RR)\b", ""),
]


# Why one that passes as an image does not pass on Linux, where what it said there tells; else its outcome.
REASONS_LINUX = [
    ("a queue of more than 10 messages, which Linux makes for the privileged only", "mq_open.*(Invalid argument|Test UNRESOLVED)"),
]


def reason_linux(result):
    for words, spoken in REASONS_LINUX:
        if re.search(spoken, result["linux"][1]):
            return words
    return result["linux"][0]


def reason(name, result):
    """Why the image does not pass, in a few words."""
    text = SUITE / "conformance" / f"{name}.c"
    text = text if text.exists() else SUITE / "conformance/interfaces" / f"{name}.c"
    text = re.sub(r"/\*.*?\*/", "", text.read_text(errors="replace"), flags=re.S)
    said = result["image"][1]
    for words, named, written, spoken in REASONS:
        if any(pattern and re.search(pattern, where)
               for pattern, where in ((named, name), (written, text), (spoken, said))):
            return words
    return "not looked into: " + result["image"][0]


def table(rows):
    return [f"| {' | '.join(map(str, row))} |" for row in (rows[0], ["---"] * len(rows[0]), *rows[1:])]


def grouped(names):
    """`clock_settime` 4-2, 5-1; `kill` 3-1"""
    groups = collections.defaultdict(list)
    for name in sorted(names):
        groups[name.rsplit("/", 1)[0]].append(name.rsplit("/", 1)[1])
    return "; ".join(f"`{group}` {', '.join(numbers)}" for group, numbers in groups.items())


def page(results):
    """The lines of docs/posix.md that a run writes."""
    counts = {side: collections.Counter(result[side][0] for result in results.values())
              for side in ("image", "linux")}
    order = [*CODES.values(), "hung", "not compiled", "not linked"]
    other = {side: sum(counts[side].values()) - sum(counts[side][word] for word in order) for side in counts}
    rows = [["outcome", "Ringlet", "Linux"]]
    rows += [[word, counts["image"][word], counts["linux"][word]] for word in order]
    rows += [["ended by a signal, or with another code", other["image"], other["linux"]],
             ["programs", len(results), len(results)]]
    lines = [*table(rows), "", "Passed on Linux, not on Ringlet:", ""]
    behind = collections.defaultdict(list)
    ahead = collections.defaultdict(list)
    for name, result in results.items():
        if result["linux"][0] == "pass" != result["image"][0]:
            behind[reason(name, result)].append(name)
        elif result["image"][0] == "pass" != result["linux"][0]:
            ahead[reason_linux(result)].append(name)
    rows = [["why", "programs", "which"]]
    rows += [[why, len(names), grouped(names)]
             for why, names in sorted(behind.items(), key=lambda item: -len(item[1]))]
    lines += [*table(rows), "", "Passed on Ringlet, not on Linux:", ""]
    rows = [["on Linux", "programs", "which"]]
    rows += [[what, len(names), grouped(names)] for what, names in sorted(ahead.items())]
    return [*lines, *table(rows)]


def write_page(results):
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(page(results)) + "\n" + END + after)


def main():
    os.environ["SYMS"] = "0"
    programs = list(sources(sys.argv[1:]))
    if not sys.argv[1:]:
        random.Random(1).shuffle(programs)  # those that sleep long lie beside each other
    results = {}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for done, (name, result) in enumerate(pool.map(one, programs), 1):
            results[name] = result
            if sys.argv[1:]:
                print(f"== {name}: image {result['image'][0]}, linux {result['linux'][0]}\n{result['image'][1]}")
            elif done % 50 == 0:
                print(f"posix: {done} of {len(programs)}", file=sys.stderr)
                RESULTS.write_text(json.dumps(results))
    for side in ("image", "linux"):
        print(side, dict(collections.Counter(result[side][0] for result in results.values())))
    if not sys.argv[1:]:
        RESULTS.write_text(json.dumps(results))
        write_page(results)


if __name__ == "__main__":
    main()
