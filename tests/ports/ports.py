"""Programs of others: how each is built, unchanged, by ringlet-cc, and what has to come out when it runs.

tools/ports does all of it and writes docs/ports.md; tests/system/test_ports.py has the few that are quick
enough for ./check. A scenario's input, files and output are bytes, and it says for itself what is right: a
pattern, an exact output, or "native", which is the output of the same sources as a 32-bit program of Linux.
"""

from dataclasses import dataclass, field

TEXT = b"".join(b"%d lines of text, of which no two are the same\n" % i for i in range(4000))
BINARY = bytes(i * i * 7 >> 3 & 255 for i in range(200000))


@dataclass
class Scenario:
    name: str
    image: str
    args: tuple = ()
    input: bytes = b""
    files: dict = field(default_factory=dict)  # below the root: name -> bytes, or a path in the sources
    want: object = rb"."  # bytes: a pattern somewhere in the output; "native": what Linux gives
    then: "Scenario" = None  # gets this one's output as its input
    exact: bytes = None  # the whole output
    code: int = 0
    words: str = ""  # of the kernel's
    mem: int = 64


@dataclass
class Port:
    name: str
    version: str
    what: str  # a line for the table
    build: str  # a shell script in a copy of the sources; $CC, $AR, $HOST are set
    images: dict  # name -> file that the build made
    scenarios: list
    missing: str = ""  # what does not work, and why
    seconds: int = 600  # for the build


LUA = b"""
local t = {}
for i = 1, 1000 do t[i] = (i * 7919) % 1009 end
table.sort(t)
print(#t, t[1], t[500], t[1000], string.format("%5.3f %q", math.pi, "a\\nb"))
local f = assert(io.open("/tmp/x", "w")); f:write("one\\n", 2, "\\n"); f:close()
for line in io.lines("/tmp/x") do print("line", line) end
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end)
print(co(), co(), co(), pcall(error, "message", 0))
print(select("#", table.unpack(arg)), arg[1], os.getenv("HOME"), os.rename("/tmp/x", "/tmp/y"), os.remove("/tmp/y"))
print(string.rep("ab", 3, "-"), ("x"):byte(), utf8.char(228, 8364), 7 // 2, 7 % -3, 1 << 40, 2^53)
"""

SQL = b"""
.bail on
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO t SELECT i, printf('row %d', i), i / 7.0 FROM n;
CREATE INDEX i ON t(b);
SELECT count(*), sum(a), round(avg(c), 6), max(b) FROM t;
BEGIN; DELETE FROM t WHERE a % 2; SELECT count(*) FROM t; ROLLBACK;
SELECT count(*) FROM t WHERE b LIKE 'row 12%';
PRAGMA integrity_check;
VACUUM;
SELECT json_extract('{"k":[1,2,{"x":3}]}', '$.k[2].x'), hex(randomblob(4)) <> '', sqlite_version();
"""

JS = b"""
var o = {a: [1, 2, 3], f: function (x) { return x * 2; }};
print(JSON.stringify(o), o.a.map(o.f).join(), [3, 1, 2].sort(), (0.1 + 0.2).toFixed(3));
try { null.x; } catch (e) { print(e.name); }
print(/(\\d+)-(\\d+)/.exec("12-34").slice(1), encodeURIComponent("\\u00e4 b"), new Date(0).toISOString());
"""

TCL = b"""
proc fib n { if {$n < 2} { return $n }; expr {[fib [expr {$n - 1}]] + [fib [expr {$n - 2}]]} }
puts [fib 15]; puts [lsort -integer {3 1 2}]; puts [string map {a b} banana]
set f [open /tmp/x w]; puts $f "a line"; close $f
set f [open /tmp/x]; puts [gets $f]; close $f; file delete /tmp/x; puts [file exists /tmp/x]
puts [catch {error oops} message]; puts $message; puts [dict get {a 1 b 2} b]; puts [format %08.3f 3.14159]
"""

PORTS = [
    Port("lua", "5.4.4", "the interpreter", "make -C src CC=\"$CC\" AR=\"$AR rcu\" RANLIB=true MYCFLAGS= SYSCFLAGS=-DLUA_USE_POSIX lua",
         {"lua": "src/lua"},
         [Scenario("a script", "lua", ("/script.lua", "word"), files={"script.lua": LUA}, want="native"),
          Scenario("a script from standard input", "lua", ("-",), input=b"print(6 * 7)", exact=b"42\n")]),
    Port("zlib", "1.2.13", "the library, with its own tests",
         "CHOST=$HOST ./configure --static && make libz.a example minigzip",
         {"example": "example", "minigzip": "minigzip"},
         [Scenario("its example program", "example", ("/tmp/foo.gz",), want="native"),
          Scenario("there and back through pipes", "minigzip", input=BINARY, want=b"^\x1f\x8b",
                   then=Scenario("", "minigzip", ("-d",), exact=BINARY))]),
    Port("sqlite", "3.40.1", "the shell",
         "./configure --host=$HOST --disable-tcl --disable-load-extension --disable-readline CFLAGS=\"$SQLITE_CFLAGS\" && "
         "make sqlite3.c shell.c && $CC $SQLITE_CFLAGS -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -o sqlite3 shell.c sqlite3.c -lm",
         {"sqlite3": "sqlite3"},
         [Scenario("a database in a file", "sqlite3", ("/tmp/data.db",), input=SQL, want="native"),
          Scenario("with a write-ahead log", "sqlite3", ("/tmp/data.db",), input=b"PRAGMA journal_mode=WAL;\n" + SQL, want="native")],
         missing="its test suite wants Tcl with fork"),
    Port("bzip2", "1.0.8", "the program, with its own samples", "make CC=\"$CC\" AR=\"$AR\" RANLIB=true bzip2",
         {"bzip2": "bzip2"},
         [Scenario(f"its sample {n}, packed", "bzip2", (f"-{n}", "-c", f"/sample{n}.ref"),
                   files={f"sample{n}.ref": f"sample{n}.ref"}, exact=f"sample{n}.bz2") for n in (1, 2, 3)] +
         [Scenario("there and back through pipes", "bzip2", input=BINARY, want=b"^BZh",
                   then=Scenario("", "bzip2", ("-d",), exact=BINARY))]),
    Port("lz4", "1.9.4", "the program", "make -C programs CC=\"$CC\" AR=\"$AR\" lz4",
         {"lz4": "programs/lz4"},
         [Scenario("there and back through pipes", "lz4", ("-c",), input=TEXT, want=b"^\x04\x22\x4d\x18",
                   then=Scenario("", "lz4", ("-d", "-c"), exact=TEXT))]),
    Port("duktape", "2.7.0", "the interpreter", "make -f Makefile.cmdline CC=\"$CC\"",
         {"duk": "duk"},
         [Scenario("a script", "duk", ("/script.js",), files={"script.js": JS}, want="native")]),
    Port("jimtcl", "0.81", "the interpreter", "./configure --host=$HOST --build=x86_64-linux-gnu "
         "CC=\"$CC\" AR=\"$AR\" RANLIB=true CC_FOR_BUILD=gcc && make",
         {"jimsh": "jimsh"},
         [Scenario("a script", "jimsh", ("/script.tcl",), files={"script.tcl": TCL}, want="native")],
         missing="exec: there is no fork"),
    Port("mbedtls", "2.28.3", "the library's own tests", "make -C library CC=\"$CC\" AR=\"$AR\" static && make -C programs CC=\"$CC\" AR=\"$AR\" test/selftest",
         {"selftest": "programs/test/selftest"},
         [Scenario("selftest", "selftest", want=rb"\[ All tests PASS \]")]),
]
