"""ringlet-cc and the kit around it: programs that were not written for Ringlet, built as they would
be anywhere else. Relies on `make system` having laid the kit out in $BUILD/sdk."""

import re
import subprocess

import pytest

from hosts import BUILD, ROOT

CC = BUILD / "sdk/bin/ringlet-cc"
OURS = ["kernel", "drivers", "syscall", "net", "lwip", "fs"]


def run(*command, **more):
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, check=False, **more)


def cc(folder, *words):
    """Runs ringlet-cc in the folder, which must go well; what it printed."""
    done = run(CC, *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def our_names():
    """Every global name of the kernel, its drivers and its libraries."""
    listing = run("nm", "-g", "--defined-only", *(BUILD / f"lib{name}.a" for name in OURS)).stdout
    names = set(re.findall(r"^[0-9a-f]+ [A-Z] (\w+)$", listing, re.M))
    # linker.ld defines these, and the link itself.
    names |= {"image_start", "image_end", "text_start", "text_end", "data_start", "bss_start", "bss_end",
              "tls_start", "tls_data_end", "tls_size", "tls_align", "image_name", "symbol_table", "symbol_pairs"}
    assert len(names) > 800
    return sorted(names)


# Whatever a program calls, it is its own; and parts of ours that have these names are at work.
HEAD = """
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
static int wrong;
static void *thread(void *x) { return x; }
static void look(const char *name, int got, int wanted)
{
    if (got != wanted)
        printf("%s: %d, not %d\\n", name, got, wanted), wrong++;
}
"""
MAIN = """
    pthread_t id;
    struct timespec t = {0, 1000000};
    int fds[2];
    pipe(fds);
    pthread_create(&id, NULL, thread, fds);
    pthread_join(id, NULL);
    nanosleep(&t, NULL);
    char *text = malloc(100);
    strcpy(text, "/dev/null");
    look("open", open(text, O_RDWR), 5);
    look("socket", socket(AF_INET, SOCK_DGRAM, 0), 6);
    look("epoll", epoll_create1(0), 7);
    printf("%d wrong\\n", wrong);
    return wrong != 0;
"""


def test_names_are_the_programs_own(boot, tmp_path):
    names = our_names()
    # Half of them are functions, half variables.
    lines = [f"int {name}{'(void) { return %d; }' if i % 2 else ' = %d;'}" % (i + 1) for i, name in enumerate(names)]
    looks = [f'    look("{name}", {name}{"()" if i % 2 else ""}, {i + 1});' for i, name in enumerate(names)]
    (tmp_path / "names.c").write_text("\n".join([HEAD, *lines, "int main(void)\n{", *looks, MAIN, "}\n"]))
    cc(tmp_path, "-O1", "-fno-builtin", "names.c", "-o", "names.elf")
    guest = boot("names", image=tmp_path / "names.elf")
    assert guest.wait() == 0
    assert "0 wrong" in guest.text


def test_a_program_replaces_functions_of_the_c_library(boot, tmp_path):
    """Its own ones count for itself; ours stay with the C library's."""
    (tmp_path / "own.c").write_text("""
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
static int calls;
size_t strlen(const char *s) { calls++; return *s == '!' ? 77 : s[0] ? 1 + strlen(s + 1) : 0; }
int strcmp(const char *a, const char *b) { (void)a, (void)b; calls++; return 1; }
int memcmp(const void *a, const void *b, size_t n) { (void)a, (void)b, (void)n; return 1; }
int main(int argc, char **argv)
{
    size_t (*volatile length)(const char *) = strlen;
    printf("%zu %d %d\\n", length("!"), argc, open("/dev/zero", O_RDONLY) >= 0);
    return 0;
}
""")
    cc(tmp_path, "-fno-builtin", "own.c", "-o", "own.elf")
    guest = boot("own", "-- a b", image=tmp_path / "own.elf")
    assert guest.wait() == 0
    assert "77 3 1\n" in guest.text


def test_the_kernels_headers_for_those_who_ask(boot, tmp_path):
    """A file that includes one may call what it declares; the name stays the program's elsewhere."""
    (tmp_path / "asks.c").write_text("""
#include "kernel/kernel.h"
int log_warn_of_mine(void);
int main(void) { log_warn("asked %d", log_warn_of_mine()); return 0; }
""")
    (tmp_path / "mine.c").write_text("int log_print = 3; int panic(void) { return log_print; }\n"
                                     "int log_warn_of_mine(void) { return panic(); }\n")
    cc(tmp_path, "asks.c", "mine.c", "-o", "asks.elf")
    guest = boot("asks", image=tmp_path / "asks.elf")
    assert guest.wait() == 0
    assert "asked 3" in guest.text
