"""ringlet-cc and the kit around it: programs that were not written for Ringlet, built as they would
be anywhere else. Relies on `make system` having laid the kit out in $BUILD/sdk."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import hosts
from hosts import BUILD, ROOT
from qemu import QemuPc

CC = BUILD / "sdk/bin/ringlet-cc"
OURS = ["kernel", "drivers", "syscall", "net", "lwip", "fs"]


@pytest.fixture
def boot(boot_on):
    """What is linked here does not depend on the door."""
    return lambda app, args="", **more: boot_on(QemuPc(), app, args, **more)


def run(*command, **more):
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, check=False, **more)


def cc(folder, *words):
    """Runs ringlet-cc in the folder, which must go well; what it printed."""
    done = run(CC, *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def our_names():
    """Every global name of the kernel, its drivers and its libraries, but for those that no program may
    have (C11, 7.1.3)."""
    listing = run("nm", "-g", "--defined-only", *(BUILD / f"lib{name}.a" for name in OURS)).stdout
    names = set(re.findall(r"^[0-9a-f]+ [A-Z] ((?!__)\w+)$", listing, re.M))
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


# ---- the command line ----

HELLO = '#include <stdio.h>\n#include <math.h>\nint main(int argc, char **argv)\n' \
        '{ printf("%s %.3f\\n", argv[argc - 1], sqrt(argc)); return 3; }\n'


@pytest.fixture
def hello(tmp_path):
    (tmp_path / "hello.c").write_text(HELLO)
    return tmp_path


def test_what_gcc_does_without_linking(hello):
    assert "sqrt" in cc(hello, "-E", "hello.c")
    assert cc(hello, "-MM", "hello.c") == "hello.o: hello.c\n"
    assert "include/stdio.h" in cc(hello, "-M", "hello.c")
    cc(hello, "-S", "-fPIC", "hello.c")
    assert ".globl\tmain" in (hello / "hello.s").read_text()
    cc(hello, "-c", "-x", "c", "hello.c", "-MD", "-MF", "deps", "-o", "h.o")
    assert (hello / "deps").read_text().startswith("h.o: hello.c")
    cc(hello, "-r", "-o", "joined.o", "h.o")
    assert "REL (Relocatable file)" in run("readelf", "-h", hello / "joined.o").stdout


def test_what_scripts_ask(hello):
    assert cc(hello, "-dumpmachine") == "i686-linux-musl\n"
    assert cc(hello, "--version").startswith("gcc")
    assert run(CC, "-v").stderr.splitlines()[-1].startswith("gcc version")
    assert "GNU ld" in cc(hello, "-Wl,--version")
    linker = cc(hello, "-print-prog-name=ld").strip()
    assert "GNU ld" in run(linker, "-v").stdout
    assert cc(hello, "-print-file-name=libc.a") == f"{BUILD}/sdk/lib/ringlet/libc.a\n"
    assert "lib32" not in cc(hello, "-print-search-dirs").split("libraries: ")[1]
    done = run(CC, "nothere.c", cwd=hello)
    assert done.returncode == 1 and "nothere.c" in done.stderr


FLAGS = [
    "-lm -lpthread -lrt -ldl -lutil -lcrypt -lresolv -lxnet",
    "-fPIC -fPIE -pie -rdynamic -Wl,-rpath,/lib -Wl,-z,relro,-z,now -Wl,--as-needed",
    "-static -no-pie -pthread -fstack-protector-all -D_FORTIFY_SOURCE=2 -O2 -s",
    "-O2 -flto -fuse-ld=bfd -g3",
    "@words",
]


@pytest.mark.parametrize("flags", FLAGS)
def test_flags_of_other_peoples_programs(boot, hello, flags):
    (hello / "words").write_text('-O1 "-DWITH=a b" -lm\n')
    cc(hello, *flags.split(), "hello.c", "-o", "a program.elf", *flags.split())
    guest = boot("a program", "-- x y z", image=hello / "a program.elf")
    assert guest.wait() == 3
    assert "z 2.000\n" in guest.text


def test_shared_is_refused(hello):
    for words in (["-shared"], ["-shared", "-fPIC", "-nostdlib"], ["--native", "-shared"]):
        done = run(CC, *words, "hello.c", "-o", "libhello.so", cwd=hello)
        assert done.returncode and not (hello / "libhello.so").exists()
        assert "shared libraries cannot be made" in done.stderr and "--disable-shared" in done.stderr


def test_libraries_of_another_c_library_are_not_found(hello):
    done = run(CC, "hello.c", "-lcrypto", "-lz", cwd=hello)
    assert done.returncode and "cannot find -lz" in done.stderr


def test_native(hello):
    """The same objects are a program for this machine's kernel."""
    cc(hello, "-c", "hello.c")
    cc(hello, "--native", "hello.o", "-o", "hello", "-lm")
    try:
        done = run(hello / "hello", "a", "b")
    except OSError as error:
        pytest.skip(f"this machine's kernel runs no 32-bit programs: {error}")
    if done.returncode < 0:
        pytest.skip(f"this machine runs no 32-bit programs: signal {-done.returncode}")
    assert (done.returncode, done.stdout) == (3, "b 1.732\n")


# ---- build systems ----

@pytest.fixture
def code_of(boot_on):
    """code_of(image) -> what a guest of it leaves with. One host is enough for that."""
    return lambda image: boot_on(QemuPc(), image.stem, image=image).wait()


CONFIGURE = r"""#!/bin/sh
# What autoconf's scripts do, in short.
try() { echo "$1" >conftest.c; shift; $CC $CFLAGS conftest.c -o conftest "$@" 2>>config.log; }
try 'int main(void) { return 0; }' || { echo "C compiler cannot create executables"; exit 77; }
[ -x conftest ] || exit 78
./conftest 2>/dev/null && echo "runs here" || echo "cross compiling"
have() { try "char $1(void); int main(void) { return $1(); }" $2 && echo "#define HAVE_$1 1"; }
{
    have socket; have sqrt -lm; have dlopen -ldl
    have panic; have tcp_input; have deflate -lz
    for header in linux/if_packet.h asm/types.h gnu/libc-version.h; do
        try "#include <$header>
int main(void) { return 0; }" -c && echo "#define HAVE_$(echo $header | tr '/.-' ___) 1"
    done
} >config.h
echo "all: prog
prog: main.o
	\$(CC) -o prog main.o -lm" >Makefile
"""


def test_configure_and_make(code_of, tmp_path):
    (tmp_path / "configure").write_text(CONFIGURE)
    (tmp_path / "main.c").write_text('#include "config.h"\nint main(void) { return HAVE_socket; }\n')
    environment = {"PATH": f"{CC.parent}:/usr/bin:/bin", "CC": "ringlet-cc", "CFLAGS": "-O1 -fno-builtin"}
    done = run("sh", "-c", "sh ./configure --host=i686-linux-musl && make CC=ringlet-cc", cwd=tmp_path,
               env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cross compiling" in done.stdout
    found = set(re.findall(r"HAVE_(\w+)", (tmp_path / "config.h").read_text()))
    assert found == {"socket", "sqrt", "dlopen", "linux_if_packet_h", "asm_types_h"}
    assert code_of(tmp_path / "prog") == 1


@pytest.fixture(scope="module")
def installed():
    """The kit as `make install` puts it into DESTDIR, and then moved from there."""
    folder = hosts.new_folder()
    folder.chmod(0o755)
    done = run("env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "-s", "install", f"B={BUILD.relative_to(ROOT)}",
               f"DESTDIR={folder}/root", "PREFIX=/opt/ringlet", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "root/opt/ringlet").rename(folder / "moved")
    yield folder / "moved"
    shutil.rmtree(folder)


@pytest.fixture
def place():
    """A folder that other users reach, which tmp_path is not."""
    folder = hosts.new_folder()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def someone_else(folder):
    """Words that make a command another user's, who owns the folder; none if this one may not."""
    if os.geteuid():
        return []
    os.chown(folder, 65534, 65534)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", f"HOME={folder}", f"TMPDIR={folder}"]


def need_launcher():
    if hosts.missing(hosts.Launcher):
        pytest.skip(f"launcher is not here: {hosts.missing(hosts.Launcher)}")


def test_installed_elsewhere(installed, place):
    """By another user, in another folder: build, run, and the exit code."""
    need_launcher()
    user = someone_else(place)
    (place / "hello.c").write_text(HELLO)
    done = run(*user, installed / "bin/ringlet-cc", "-O2", "hello.c", "-lm", "-o", "hello", cwd=place)
    assert done.returncode == 0, done.stderr
    done = run(*user, installed / "bin/ringlet", "run", "--no-net", "hello", "a", "b c", cwd=place)
    assert (done.returncode, done.stdout, done.stderr) == (3, "b c 1.732\n", "exit: 3\n")
    assert str(ROOT) not in (installed / "bin/ringlet-cc").read_text()
    for page in ("ringlet", "ringlet-cc", "lguest"):
        assert (installed / f"share/man/man1/{page}.1").exists()


def test_cmake(installed, code_of, tmp_path):
    if not shutil.which("cmake"):
        pytest.skip("cmake is not installed, and set-up does not bring it")
    (tmp_path / "CMakeLists.txt").write_text("""
cmake_minimum_required(VERSION 3.13)
project(hello C)
include(CheckFunctionExists)
include(CheckSymbolExists)
find_package(Threads REQUIRED)
find_library(MATH m REQUIRED)
check_function_exists(epoll_wait HAVE_EPOLL)
check_function_exists(tcp_input HAVE_OURS)
if(NOT HAVE_EPOLL OR HAVE_OURS)
  message(FATAL_ERROR "epoll ${HAVE_EPOLL}, ours ${HAVE_OURS}")
endif()
add_library(part part.c)
add_executable(hello hello.c)
target_link_libraries(hello part ${MATH} Threads::Threads)
""")
    (tmp_path / "part.c").write_text("int part(void) { return 5; }\n")
    (tmp_path / "hello.c").write_text("int part(void);\nint main(void) { return part(); }\n")
    done = run("cmake", "-S", ".", "-B", "out", f"-DCMAKE_TOOLCHAIN_FILE={installed}/lib/ringlet/ringlet.cmake",
               "-G", "Unix Makefiles", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run("cmake", "--build", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert code_of(tmp_path / "out/hello") == 5


def test_meson(installed, code_of, tmp_path):
    if not shutil.which("meson"):
        pytest.skip("meson is not installed, and set-up does not bring it")
    (tmp_path / "meson.build").write_text("project('hello', 'c')\nexecutable('hello', 'hello.c', dependencies: "
                                          "[dependency('threads'), meson.get_compiler('c').find_library('m')])\n")
    (tmp_path / "hello.c").write_text("int main(void) { return 6; }\n")
    done = run("env", f"PATH={installed}/bin:{os.environ['PATH']}", "meson", "setup", "--cross-file",
               installed / "share/meson/cross/ringlet.ini", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run("env", f"PATH={installed}/bin:{os.environ['PATH']}", "ninja", "-C", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert code_of(tmp_path / "out/hello") == 6


def test_pkg_config(installed):
    if not shutil.which("pkg-config"):
        pytest.skip("pkg-config is not installed, and set-up does not bring it")
    for name in ("cc", "cmake_toolchain", "meson_cross", "config_site"):
        done = run("env", f"PKG_CONFIG_LIBDIR={installed}/lib/pkgconfig", "pkg-config", f"--variable={name}", "ringlet")
        assert Path(done.stdout.strip()).exists(), done.stderr


CXX = CC.parent / "ringlet-c++"

# Of the standard library what goes through the C library in some way of its own.
WITH_LIBRARY = r"""
#include <chrono>
#include <condition_variable>
#include <iomanip>
#include <iostream>
#include <locale>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
struct Named { std::string name; ~Named() { std::cout << "end of " << name << "\n"; } };
static Named global{"global"};
static thread_local Named local{"nobody's"};
struct Base { virtual ~Base() {} };
struct Derived : Base { int value = 4; };
static int fall(int n)
{
    Named here{"level " + std::to_string(n)};
    if (n == 0)
        throw std::runtime_error("bottom");
    return fall(n - 1) + 1;
}
int main()
{
    local.name = "main's";
    try { fall(2); } catch (const std::exception &e) { std::cout << "caught " << e.what() << "\n"; }
    try { std::vector<int>().at(3); } catch (const std::out_of_range &e) { std::cout << e.what() << "\n"; }
    try { std::locale none("xy_ZZ"); } catch (const std::runtime_error &e) { std::cout << e.what() << "\n"; }
    std::thread([] { local.name = "thread's"; }).join();
    std::exception_ptr passed;
    std::thread([&] { try { throw 5; } catch (...) { passed = std::current_exception(); } }).join();
    try { std::rethrow_exception(passed); } catch (int n) { std::cout << "int " << n << "\n"; }
    Base *base = new Derived;
    std::cout << dynamic_cast<Derived &>(*base).value << std::fixed << std::setprecision(2) << 2.345
              << std::hex << 255 << std::dec << "\n";
    delete base;
    std::istringstream words("12 3.5 x");
    int i; double d; std::string s;
    words >> i >> d >> s;
    std::cout << i << ' ' << d << ' ' << s << std::toupper('q', std::locale())
              << std::isalpha('1', std::locale()) << "\n";
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock<std::mutex> lock(mutex);
    bool late = never.wait_for(lock, std::chrono::milliseconds(5)) == std::cv_status::timeout;
    std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::cout << late << (now > 1600000000) << std::endl;
    std::wcout << L"wide " << 3 << std::endl;
    return 7;
}
"""
SAYS = """end of level 0
end of level 1
end of level 2
caught bottom
vector::_M_range_check: __n (which is 3) >= this->size() (which is 0)
locale::facet::_S_create_c_locale name not valid
end of thread's
int 5
42.35ff
12 3.50 xQ0
11
wide 3
end of main's
end of global
"""


@pytest.fixture
def cxx_program(tmp_path):
    (tmp_path / "library.cc").write_text(WITH_LIBRARY)
    done = run(CXX, "-std=c++17", "-Wall", "-Werror", "-c", "library.cc", cwd=tmp_path)
    if "g++-multilib" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return tmp_path / "library.o"


def test_cxx(boot, cxx_program, tmp_path):
    done = run(CXX, cxx_program, "-o", tmp_path / "library.elf")
    assert done.returncode == 0, done.stderr
    guest = boot("library", image=tmp_path / "library.elf")
    assert guest.wait() == 7
    assert guest.text.startswith(SAYS)


def test_cxx_native(cxx_program, tmp_path):
    done = run(CXX, "--native", cxx_program, "-o", tmp_path / "library")
    assert done.returncode == 0, done.stderr
    try:
        done = run(tmp_path / "library")
    except OSError as error:
        pytest.skip(f"this machine's kernel runs no 32-bit programs: {error}")
    assert (done.returncode, done.stdout) == (7, SAYS)


def test_cxx_waits_with_a_limit(code_of, cxx_program, tmp_path):
    """Its own call of the kernel's, whose time has to have the width that the call expects."""
    (tmp_path / "limit.cc").write_text("""
#include <chrono>
#include <semaphore>
int main()
{
    std::counting_semaphore<4> none(0);
    auto before = std::chrono::steady_clock::now();
    bool got = none.try_acquire_for(std::chrono::milliseconds(200));
    return got || std::chrono::steady_clock::now() - before < std::chrono::milliseconds(200);
}
""")
    done = run(CXX, "-std=c++20", "limit.cc", "-o", "limit.elf", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert code_of(tmp_path / "limit.elf") == 0
    done = run(CXX, "-std=c++20", "--native", "limit.cc", "-o", "limit", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    try:
        assert run(tmp_path / "limit").returncode == 0
    except OSError as error:
        pytest.skip(f"this machine's kernel runs no 32-bit programs: {error}")


def test_programs_in_c_carry_no_tables_for_exceptions(hello):
    cc(hello, "-fexceptions", "-fasynchronous-unwind-tables", "hello.c", "-lm", "-o", "hello.elf")
    assert ".eh_frame" not in run("readelf", "-SW", hello / "hello.elf").stdout
