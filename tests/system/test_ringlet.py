"""The command ringlet: builds a folder, boots an image, and makes disks, CDs and folders to hand over."""

import os
import shutil

import pytest

from hosts import BUILD
from qemu import QemuPc
from test_cc import code_of, need_launcher, run  # noqa: F401

RINGLET = BUILD / "sdk/bin/ringlet"


def make_folder(top, files):
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    return top


PARTS = {"main.c": "int part(void);\nint main(void) { return part(); }\n",
         "deep/er/part.c": "int part(void) { return VALUE; }\n"}


def test_build_a_folder(code_of, tmp_path):
    folder = make_folder(tmp_path / "parts", {**PARTS, "flags.mk": "CFLAGS += -DVALUE=7 -I$(FOLDER)\nLDLIBS += -lm\n"})
    done = run(RINGLET, "build", "parts", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    image = tmp_path / "parts.elf"
    assert code_of(image) == 7
    built = image.stat().st_mtime_ns
    run(RINGLET, "build", "parts", cwd=tmp_path)
    assert image.stat().st_mtime_ns == built
    # Nothing is left out in silence.
    (folder / "deep/more.f90").write_text("end\n")
    done = run(RINGLET, "build", "parts", cwd=tmp_path)
    assert done.returncode and "deep/more.f90" in done.stderr
    (tmp_path / "none").mkdir()
    done = run(RINGLET, "build", "none", cwd=tmp_path)
    assert done.returncode and "no C file" in done.stderr


def test_build_a_folder_with_a_makefile(code_of, tmp_path):
    """Its own rules and the built-in ones of make; the folder stays as it is."""
    folder = make_folder(tmp_path / "own", {**PARTS, "Makefile": """
CC = gcc
CFLAGS = -DVALUE=9
all: server tool
server: main.o deep/er/part.o
	$(CC) -o $@ $^
tool: server
	cp server tool
"""})
    before = sorted(folder.rglob("*"))
    done = run(RINGLET, "build", cwd=folder)
    assert done.returncode and "several programs" in done.stderr and "tool" in done.stderr
    (folder / "Makefile").write_text((folder / "Makefile").read_text().replace(" tool\n", "\n", 1))
    (folder / "main.c").write_text(PARTS["main.c"].replace("part();", "1 + part();"))
    shutil.rmtree(folder / ".ringlet")
    done = run(RINGLET, "build", "-o", tmp_path / "own.elf", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert code_of(tmp_path / "own.elf") == 10
    assert sorted(p for p in folder.rglob("*") if ".ringlet" not in p.parts) == before


def test_disk_and_run(tmp_path):
    need_launcher()
    make_folder(tmp_path, {"root/deep/file.txt": "one line\n"})
    done = run(RINGLET, "disk", "root", "-o", "root.img", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    shell = [BUILD / "shell.elf", "--", "cat", "/deep/file.txt"]
    for option in (["--disk", "root.img,ro"], ["--root", "root"]):
        done = run(RINGLET, "run", "--no-net", *option, *shell, cwd=tmp_path)
        assert "one line\n" in done.stdout and done.returncode == 0, done.stdout + done.stderr
    done = run(RINGLET, "run", "nothere.elf", cwd=tmp_path)
    assert done.returncode == 2 and "nothere.elf" in done.stderr
    done = run(RINGLET, "run", "--host", "qemu", "--dry-run", "--port", "8399:7", BUILD / "echo.elf", "a b",
               cwd=tmp_path)
    assert "qemu-system-i386" in done.stdout and ":8399-:7" in done.stdout


def need_media():
    missing = [tool for tool in ("grub-mkimage", "xorriso", "mformat") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; tools/setup media brings it")


def test_pack(boot_on, tmp_path):
    """A folder that somebody else can use, the same at every making, and it says whose code it holds."""
    need_media()
    make_folder(tmp_path, {"root/file.txt": "packed\n"})
    words = ["--root", "root", "--words", "-- cat /file.txt", "--guest-port", ""]
    for name in ("one", "two"):
        done = run(RINGLET, "pack", BUILD / "shell.elf", "-o", name, *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        os.utime(tmp_path / "root/file.txt", (1, 1))
    assert run("diff", "-r", "one", "two", cwd=tmp_path).returncode == 0
    one = tmp_path / "one"
    assert run("sha256sum", "--quiet", "-c", "SHA256SUMS", cwd=one).returncode == 0
    listed = {line.split()[1] for line in (one / "SHA256SUMS").read_text().splitlines()}
    assert listed | {"SHA256SUMS"} == {str(p.relative_to(one)) for p in one.rglob("*") if p.is_file()}
    notices = (one / "NOTICES.txt").read_text()
    assert "shell.elf holds, besides, parts of musl, lwIP" in notices and "Swedish Institute" in notices
    for host in ("launcher", "qemu"):
        if host == "launcher":
            need_launcher()
        done = run(one / "run.sh", "--host", host, cwd=tmp_path)
        assert "packed\n" in done.stdout and done.returncode == 0, done.stdout + done.stderr
    assert boot_on(QemuPc(), "shell", media=["-cdrom", one / "shell.iso"]).wait() == 0
    assert run(one / "run.sh", "--mem", "much").returncode == 2
    for wrong in (["nothere.elf", "-o", "x"], [BUILD / "shell.elf"], [BUILD / "shell.elf", "-o", "one"],
                  [BUILD / "shell.elf", "-o", "x", "--root", "nothere"]):
        done = run(RINGLET, "pack", *wrong, cwd=tmp_path)
        assert done.returncode in (1, 2) and done.stderr.startswith("ringlet: "), done.stderr
    assert not (tmp_path / "x").exists()


def test_iso(boot_on, tmp_path):
    need_media()
    make_folder(tmp_path, {"root/file.txt": "on a CD\n"})
    done = run(RINGLET, "iso", BUILD / "shell.elf", "-o", "cd.iso", "--root", "root", "--words", "-- cat /file.txt",
               cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    guest = boot_on(QemuPc(), "shell", media=["-cdrom", tmp_path / "cd.iso"])
    guest.expect("^on a CD$")
