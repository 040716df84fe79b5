"""The launcher's command line, its messages, and the process that it is."""

import os
import re
import struct
import subprocess
import time

import pytest

from launcher_kit import INIT, LGUEST, LIMIT, Result, kit  # noqa: F401


def lguest(*words, **more):
    done = subprocess.run([LGUEST, *words], capture_output=True, timeout=LIMIT,
                          stdin=subprocess.DEVNULL, **more)
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def refused(result, message):
    assert result.status == 2 and result.err.count("\n") == 1, result
    result.said(message)


def test_help_and_version():
    shown = lguest("--help")
    assert shown.status == 0 and shown.err == ""
    for option in ("--block", "--net", "--tunnet", "--rng", "--initrd", "--console", "--timeout",
                   "--trace", "--stats", "--strict", "--hostile", "--abi", "--no-tsc", "--no-gate",
                   "--verbose"):
        assert option in shown.out
    assert re.match(r"lguest .*\d", lguest("--version").out)
    assert "used-id" in lguest("--hostile=help").out


@pytest.mark.parametrize("words, message", [
    ([], "a memory size and a kernel are needed"),
    (["16"], "a memory size and a kernel are needed"),
    (["--nonsense", "16", "x"], "--nonsense is no option"),
    (["--block", "16"], "a memory size and a kernel"),
    (["--rng=1", "16", "x"], "--rng=1 is no option, or takes no value"),
    (["--initrd"], "--initrd needs a value"),
    (["0", "x"], "memory '0'"),
    (["x", "x"], "'x' is no memory size"),
    (["16K", "x"], "'16K' is no memory size"),
    (["-16", "x"], "-16 is no option"),
    (["4G", "x"], "memory '4G'"),
    (["3073", "x"], "memory '3073': it has to be from 1 to 3072 MiB"),
    (["99999999999999999999", "x"], "memory"),
    (["x.elf", "16"], "'x.elf' is no memory size, which comes first"),
    (["--block=", "16", "x"], "--block= needs a value"),
    (["--initrd=", "16", "x"], "--initrd= needs a value"),
    (["--initrd=a", "--initrd=b", "16", "x"], "--initrd was given twice: a and b"),
    (["--console=a", "--console=PTY", "16", "x"], "--console was given twice: a and PTY"),
    (["--console", "", "16", "x"], "--console needs a value"),
    (["16", "/nonexistent"], "cannot open /nonexistent: No such file"),
    (["16", "/"], "is not a regular file"),
    (["16", "/dev/null"], "is not a regular file"),
    (["--initrd=/nonexistent", "16", "/bin/sh"], "cannot open /nonexistent"),
    (["16", "/bin/sh"], "is not for the i386"),
    (["16", "/etc/passwd"], "is not an ELF file"),
    (["--timeout=0", "16", "x"], "--timeout=0"),
    (["--timeout=1s", "16", "x"], "--timeout=1s"),
    (["--abi=N4", "16", "x"], "--abi=N4"),
    (["--hostile=nice", "16", "x"], "--hostile=nice is unknown"),
    (["--net=socket", "16", "x"], "--net=socket"),
])
def test_mistakes(words, message):
    refused(lguest(*words), message)


@pytest.mark.parametrize("option, message", [
    ("--block=/nonexistent", "cannot open /nonexistent"),
    ("--block=/dev/zero", "/dev/zero is neither a file nor a block device"),
    ("--block=/proc/self/mem", "/proc/self/mem is neither"),
    ("--net=tap:", "is no name of a tap"),
    ("--net=tap:a-name-that-is-too-long", "is no name of a tap"),
    ("--net=tap:lo,mac=nonsense", "only mac=XX"),
    ("--tunnet=nonsense", "IP\\[:MAC\\] or bridge:NAME"),
    ("--tunnet=1.2.3.4:nonsense", "is no MAC address"),
    ("--console=/nonexistent/file", "cannot write to /nonexistent/file"),
])
def test_mistakes_of_devices(kit, option, message):
    refused(kit.run(INIT + "pass", option), message)


@pytest.mark.parametrize("options", [
    ["--rng"] * 29,
    ["--net=user"] * 14 + ["--rng"],
    ["--rng"] * 27 + ["--net=tap:none"],
])
def test_too_many_devices(kit, options):
    """Line 31 asks the guest to end, so it is no device's; nothing was opened yet."""
    refused(kit.run(INIT + "pass", *options), "too many devices: there are 30 interrupt lines")


def test_as_many_devices_as_there_are_lines(kit):
    """The last one is 30, and SIGTERM still is heard as what it is."""
    with kit.start("""#include "device.inc"
        init
        movl BOOT_PARAMS_E820 + 8, %edi
        movl $28, %ecx
    1:  pushl %ecx; call next_device; popl %ecx
        loop 1b
        cmpb $3, (%edi); expect e 2                 /* the console, behind all others */
        cmpw $30, 2 + DESC_QUEUES + 8(%edi); expect e 3
        gate 63, ended
        sti
        print "ready\\n"
    1:  hcall LHCALL_HALT
        jmp 1b
    ended: fail 9""", *["--rng"] * 28) as guest:
        assert guest.stdout.readline() == b"ready\n", guest.stderr.read()
        guest.terminate()
        assert guest.wait(LIMIT) == 9


def test_a_filter_for_many_disks(kit):
    disks = [kit.file(f"disk{i}", bytes(512)) for i in range(28)]
    kit.run(INIT + "pass", *[f"--block={disk}" for disk in disks]).passed()


def test_arguments_that_look_like_options(kit):
    kit.run(INIT + "hcall LHCALL_NOTIFY, $0x1000\n pass",
            args=["--rng", "-v", "--"]).passed("--rng -v --")


@pytest.mark.parametrize("end_of_options", [[], ["--"]], ids=["as-here", "as-the-original-wants"])
def test_words_behind_the_image(kit, end_of_options):
    """The original looks for options behind MEMORY too, unless a "--" stands before it."""
    image = kit.assemble(INIT + "hcall LHCALL_NOTIFY, $0x1000\n pass")
    result = lguest("--rng", *end_of_options, "16", str(image), "a=b", "--", "ls", "-l")
    result.passed("a=b -- ls -l")


def test_arguments_too_long(kit):
    """From 0x1000 up to the image, whose headers lie in the page below 1 MiB here. One argument of
    execve has 128 KiB at most."""
    room = 0xff000 - 0x1000
    part = "x" * 100000
    refused(kit.run(INIT + "pass", args=[part] * 11), f"longer than {room - 1} characters")
    kit.run(INIT + "pass", args=[part] * 10).passed()


# ---- images ----

def image_with(kit, offset, value):
    image = kit.assemble(INIT + "pass")
    content = bytearray(image.read_bytes())
    content[offset:offset + len(value)] = value
    image.write_bytes(content)
    return image


PHDR = 52


@pytest.mark.parametrize("offset, value, message", [
    (0, b"\x7fELG", "is not an ELF file"),
    (4, b"\2", "is not for the i386"),
    (16, b"\3\0", "is not an executable ELF file"),
    (18, b"\4\0", "is not for the i386"),
    (24, struct.pack("<I", 0xf0000000), "its entry 0xf0000000 lies outside"),
    (42, b"\7\0", "strange table of segments"),
    (44, b"\0\0", "strange table of segments"),
    (44, b"\xff\xff", "strange table of segments"),
    (28, struct.pack("<I", 0x7fffffff), "ends too early"),
    (PHDR + 12, struct.pack("<I", 0x1000), "a segment lies at 0x1000"),
    (PHDR + 12, struct.pack("<I", 0), "a segment lies at 0"),
    (PHDR + 12, struct.pack("<I", 0xfffff000), "needs more than 16 MiB"),
    (PHDR + 20, struct.pack("<I", 0xfffff000), "needs more than 16 MiB"),
    (PHDR + 16, struct.pack("<I", 0x10000000), "larger in the file than in memory"),
    (PHDR + 4, struct.pack("<I", 0x7ffffff0), "ends too early"),
])
def test_broken_image(kit, offset, value, message):
    refused(kit.run(image_with(kit, offset, value)), message)


def test_short_files(kit):
    image = kit.assemble(INIT + "pass").read_bytes()
    for length in (0, 1, 4, 51):
        refused(kit.run(kit.file("short", image[:length])), "short")
    refused(kit.run(kit.file("short", image[:len(image) // 2])), "ends too early|strange")


@pytest.mark.parametrize("options", [
    ["--block={}"], ["--block={},ro"], ["--initrd={}"]], ids=["disk", "disk to read", "initrd"])
def test_pipes_are_not_waited_for(kit, options):
    """Opening one would wait for somebody at its other end."""
    pipe = kit.folder / "pipe"
    os.mkfifo(pipe)
    refused(kit.run(INIT + "pass", *[option.format(pipe) for option in options]), f"{pipe} is n")
    refused(kit.run(pipe), f"{pipe} is not a regular file")


def test_disk_of_less_than_a_sector(kit):
    for length in 0, 511:
        refused(kit.run(INIT + "pass", f"--block={kit.file('disk', bytes(length))}"),
                f"disk has {length} bytes: a disk has at least one sector")


def test_bzimage(kit):
    content = bytearray(4096)
    content[0x1fe:0x200] = b"\x55\xaa"
    content[0x202:0x206] = b"HdrS"
    refused(kit.run(kit.file("vmlinuz", content)), "is a bzImage; only i386 ELF images")


def test_image_and_initrd_too_large(kit):
    big = kit.file("big", b"")
    os.truncate(big, 15 << 20)
    refused(kit.run(INIT + "pass", f"--initrd={big}"), "do not fit into 16 MiB together")
    os.truncate(big, 100 << 20)
    refused(kit.run(INIT + "pass", f"--initrd={big}"), "does not fit into 16 MiB")
    refused(kit.run(INIT + "pass\n.bss\n.skip 2 << 20", memory="2"), "needs more than 2 MiB")


# ---- what it prints ----

def test_trace(kit):
    result = kit.run(INIT + """
        gate 32, ticked
        hcall LHCALL_SET_CLOCKEVENT, $1000000
        hcall LHCALL_HALT
        pass
    ticked: return_from_interrupt""", "--trace")
    assert result.status == 0
    result.said(r"hypercall LGUEST_INIT\(0x\w+", r"hypercall SET_CLOCKEVENT\(0xf4240",
                "hypercall HALT", "interrupt 0 at 0x", "hypercall SHUTDOWN")


def test_stats(kit):
    result = kit.run(INIT + 'print "x"\n pass', "--stats", "--rng")
    assert result.status == 0
    result.said(r"hypercalls \(1 notifies", "rng 0: 0 requests", "console 0: 0 requests")


PRINT = """#include "device.inc"
    init
    find_device CONSOLE
    start_device
    ring 1
    descriptor 0, text, 5
    offer 0
    kick
    print "early"
    pass
    .section .rodata
text: .ascii "text\\n" """


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("guest", [PRINT, INIT + 'print "x"\n print "y"\n pass'],
                         ids=["ring", "early console"])
def test_output_that_is_lost(kit, guest):
    """Said once; the guest does not notice."""
    with open("/dev/full", "wb") as full, kit.start(guest, stdout=full) as running:
        assert running.wait(LIMIT) == 0
        assert running.stderr.read() == (
            b"lguest: the console's output is lost: No space left on device\n")


def test_output_whose_reader_has_gone(kit):
    """As with any program before a pipe: not worth a word."""
    read, write = os.pipe()
    os.close(read)
    with kit.start(PRINT, stdout=write) as running:
        os.close(write)
        assert running.wait(LIMIT) == 0 and running.stderr.read() == b""


# ---- the process ----

def processor_time(pid):
    """In clock ticks, of 100 a second."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_idle_guest_uses_no_time(kit):
    with kit.start(INIT + 'print "ready\\n"\n 1: hcall LHCALL_HALT\n jmp 1b') as guest:
        assert guest.stdout.readline() == b"ready\n"
        before = processor_time(guest.pid)
        time.sleep(1)
        assert processor_time(guest.pid) - before <= 1
        guest.kill()


def test_as_an_ordinary_user(kit):
    if os.geteuid() != 0:
        pytest.skip("runs as an ordinary user anyway")
    os.chmod(kit.folder, 0o755)
    image = kit.assemble(INIT + "pass")
    if subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "test", "-x", LGUEST]).returncode:
        pytest.skip("the build folder is not readable for others")
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", LGUEST,
                           "16", image], timeout=LIMIT)
    assert done.returncode == 0
