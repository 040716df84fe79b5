"""The page for browsers. Without a browser: its parts, and each application in the emulator that
it uses, in node. With one, and FULL=1 only since Chromium is large: what a visitor does, with
pictures kept in $BUILD/artefacts.

Relies on `make web`, which lays the page out in $BUILD/web.
"""

import json
import random
import re
import shutil
import socket
import subprocess
import tarfile
import threading
import time
import urllib.request

import pytest

import browser
from hosts import BUILD, ROOT, V86, Disk, Net, new_folder

WEB = BUILD / "web"
SITE = BUILD / "site.tar"
PICTURES = BUILD / "artefacts"

pytestmark = pytest.mark.skipif(not WEB.exists(), reason="there is no page; make web makes it")
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
in_browser = [pytest.mark.full,
              pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing()))]


# ---- without a browser ----

@needs_node
def test_parts():
    done = subprocess.run(["node", "--test", ROOT / "tests/web/parts.test.mjs"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"^# pass (\d+)$", done.stdout, re.M).group(1)) > 0


def test_list_of_images():
    """It says what is there: every application but linux, which wants 256 MiB, with the size of what
    lies beside it."""
    entries = json.loads((WEB / "images.json").read_text())
    assert {entry["name"] for entry in entries} == {p.name for p in (ROOT / "apps").iterdir()} - {"linux"}
    for entry in entries:
        assert entry["about"].endswith((".", ":"))
        for part in filter(None, (entry["image"], entry["initrd"])):
            assert (WEB / part["file"]).stat().st_size == part["size"]
        assert (WEB / entry["image"]["file"]).read_bytes() == \
            (BUILD / f"{entry['name']}.elf").read_bytes()


def test_nothing_from_elsewhere():
    """No file of ours names another server."""
    for file in ROOT.glob("web/*"):
        for address in re.findall(r"https?://[^\s\"'`<]+", file.read_text()):
            assert address.startswith("http://guest"), f"{file.name}: {address}"


@needs_node
def test_run_serves_the_page():
    """./run --host web prints an address that starts what was asked for, and ends when told to."""
    run = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", ROOT / "run", "--host", "web",
                            "hello", "5", "two words"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in run.stdout:
            if found := re.search(r"open http://127\.0\.0\.1:(\d+)(/\S+) in a browser", line):
                break
        assert found.group(2) == "/#hello%205%20%22two%20words%22"
        deadline = time.monotonic() + 60
        while True:
            try:
                page = get(found.group(1), "/")
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert page == (ROOT / "build/web/index.html").read_bytes()
    finally:
        run.terminate()
        assert run.wait(60) == 143
        run.stdout.close()


@pytest.fixture
def v86(request):
    """v86(app, args, ...) -> Guest, whatever host the run is about."""
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    guests, folders = [], []
    request.node.guests = guests

    def start(app, args="", **more):
        folders.append(new_folder())
        guests.append(V86().boot(folders[-1], app, args, **more))
        return guests[-1]

    yield start
    for guest in guests:
        guest.stop()
    for folder in folders:
        shutil.rmtree(folder)


def test_hello(v86):
    guest = v86("hello", "3 a b")
    assert guest.wait() == 3
    assert guest.text == "Hello from Ringlet!\n3\na\nb\nexit: 3\n"


def test_shell(v86):
    guest = v86("shell", "ip=dhcp", modules=[SITE], nets=[Net()])
    guest.expect(r"^eth0: 192\.168\.86\.100/24, gateway 192\.168\.86\.1, by DHCP$", anywhere=True)
    guest.expect(r"ringlet> $", anywhere=True)
    guest.send("dev\r")
    guest.expect(r"^pci 00:0a\.0: net, pci-modern, running, driver virtio-net$")
    guest.expect(r"^pci 00:0c\.0: console, pci-modern, running, driver virtio-console$")
    guest.send("net\r")
    guest.expect(r"^ +IPv4 +192\.168\.86\.100/24, by DHCP$")
    guest.send("ping 192.168.86.1\r")
    guest.expect(r"4 sent, 4 received")
    guest.send("cat /style.css\r")
    guest.expect(r"colours follow the reader's choice")
    guest.send("exit 9\r")
    assert guest.wait() == 9


def get(port, path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return answer.read()


def test_httpd(v86):
    """Every page whole, its end included: the last bytes come with the FIN."""
    guest = v86("httpd", "ip=dhcp", modules=[SITE], nets=[Net(forward=(80,))])
    guest.expect(r"^eth0: .*by DHCP$", anywhere=True)
    port = guest.port(80)
    with tarfile.open(SITE) as site:
        for member in filter(tarfile.TarInfo.isfile, site):
            path = member.name.removeprefix(".")
            assert get(port, path) == site.extractfile(member).read()
            assert get(port, path) == site.extractfile(member).read()
    assert json.loads(get(port, "/status"))["door"] == "multiboot"


def test_echo(v86):
    guest = v86("echo", "ip=dhcp", nets=[Net(forward=(7,))])
    guest.expect(r"^eth0: .*by DHCP$", anywhere=True)
    data, back = random.Random(7).randbytes(100000), bytearray()
    with socket.create_connection(("127.0.0.1", guest.port(7)), timeout=60) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        while len(back) < len(data) and (got := connection.recv(1 << 16)):
            back += got
        sender.join(60)
    assert back == data


def test_image_too_large(v86):
    folder = new_folder()
    try:
        (folder / "large.tar").write_bytes(bytes(15 << 20))
        guest = v86("hello", mem=15, modules=[folder / "large.tar"])
        guest.process.wait(60)
        guest.readers[1].join(60)
        assert b"The image is too large: 15.1 MiB with its files, and the guest has 15.0 MiB" \
            in guest.errors
    finally:
        shutil.rmtree(folder)


# ---- in a browser ----

@pytest.fixture
def page(request):
    """page(width, ..., fragment=...) -> Browser that has opened the page; .server serves it."""
    opened = []

    def start(width=1280, height=900, fragment="", changes=None, **more):
        server = browser.FileServer(WEB)
        server.changes.update(changes or {})
        window = browser.Browser(width, height, **more)
        opened.append((window, server))
        window.open(f"{server.url}/#{fragment}")
        return window

    yield start
    for window, server in opened:
        window.close()
        server.close()


TERMINAL = ".xterm-accessibility-tree"


def mark(test):
    for one in in_browser:
        test = one(test)
    return test


@mark
def test_shell_in_a_tab(page):
    """The shell's prompt comes, a command is typed, its answer is read."""
    tab = page(fragment="shell")
    tab.wait("#status", r"^shell runs\. Its first line came \d+ ms after")
    tab.wait(TERMINAL, r"ringlet>")
    tab.run("document.querySelector('.xterm-helper-textarea').focus()")
    tab.type("net\ue007")
    tab.wait(TERMINAL, r"IPv4 +192\.168\.86\.100/24, by DHCP")
    tab.type("dev\ue007")
    tab.wait(TERMINAL, r"console, pci-modern, running")
    tab.screenshot(PICTURES / "tab-shell.png")
    tab.type("exit 7\ue007")
    tab.wait("#status", r"^shell left with exit code 7, ")
    assert tab.log() == []


@mark
@pytest.mark.parametrize("size, dark", [((1280, 900), False), ((390, 844), True)],
                         ids=["desktop", "phone"])
def test_httpd_in_a_tab(page, size, dark):
    """The guest's own page is shown, with its style, picture and script, and its links work."""
    tab = page(*size, fragment="httpd", dark=dark)
    tab.wait("#http-status", r"^200 OK, \d+ bytes of text/html")
    tab.run("document.querySelector('iframe').scrollIntoView()")
    tab.frame("iframe")
    tab.wait("#state", r"Ringlet on the platform “pc”, started through “multiboot”")
    tab.wait("#devices tbody", r"console")
    assert tab.run("return document.querySelector('img').naturalWidth") > 0
    assert tab.run("return getComputedStyle(document.body).maxWidth") == "960px"
    tab.frame()
    # A tall window, as what is out of sight is not drawn.
    tab.command("Emulation.setDeviceMetricsOverride", width=size[0], height=2100,
                deviceScaleFactor=1, mobile=size[0] < 600)
    time.sleep(1)  # the terminal draws when it comes into sight; a picture proves nothing
    tab.screenshot(PICTURES / f"tab-httpd-{size[0]}.png")
    assert tab.run("return document.documentElement.scrollWidth <= innerWidth")

    tab.frame("iframe")
    tab.run("document.body.insertAdjacentHTML('beforeend', '<a id=go href=status>figures</a>')")
    tab.run("document.getElementById('go').click()")
    tab.frame()
    tab.wait("#http-status", r"of application/json")
    assert tab.run("return document.getElementById('path').value") == "/status"
    tab.frame("iframe")
    tab.wait("pre", r'"system":"Ringlet"')
    tab.frame()

    tab.run("document.getElementById('path').focus()")
    tab.run("document.getElementById('path').value = '/absent'")
    tab.type("\ue007")
    tab.wait("#http-status", r"^404 ")
    # The 404 is the guest's answer and no failure of the page.
    assert tab.log() == []


@mark
@pytest.mark.parametrize("size, dark", [((1280, 900), False), ((390, 844), True)], ids=["desktop", "phone"])
def test_live_page(boot, host, size, dark):
    """The demo site as a visitor sees it: values move, a button stops them, and it fits."""
    if host.name != "qemu-pc":
        pytest.skip("one host is enough")
    guest = boot("httpd", "ip=dhcp", disks=[Disk(image=SITE, read_only=True)], nets=[Net(forward=(80,))])
    guest.expect(r"^httpd: serving / on port 80")
    window = browser.Browser(*size, dark=dark)
    try:
        window.open(f"http://127.0.0.1:{guest.port(80)}/")
        window.wait("#packets", r"^[\d,]+ a second$")
        points = "return document.querySelector('#packets-chart polyline').getAttribute('points').split(' ').length"
        while window.run(points) < 3:
            time.sleep(0.1)  # one comes each second; the fixture bounds the guest's life
        label = window.run("return document.getElementById('memory-chart').getAttribute('aria-label')")
        assert re.match(r"The last \d+ values: now [\d.]+ MiB, at most [\d.]+ MiB$", label)
        assert window.run("return document.documentElement.scrollWidth <= innerWidth")
        window.type("\ue004" * 2 if window.run("return !!document.querySelector('#state a')") else "\ue004")
        assert window.focus() == "pause"
        window.type("\ue007")
        assert window.run("return document.getElementById('pause').getAttribute('aria-pressed')") == "true"
        still = window.text("#uptime")
        time.sleep(2.5)
        assert window.text("#uptime") == still
        window.type("\ue007")
        while window.text("#uptime") == still:
            time.sleep(0.1)
        window.screenshot(PICTURES / f"live-{size[0]}.png")
        assert window.log() == []
    finally:
        window.close()


@mark
def test_page_of_a_stranger(page):
    """What a page of the guest may not do: reach the page around it, or anything outside."""
    tab = page(fragment="httpd")
    tab.wait("#http-status", r"^200 OK")
    tab.frame("iframe")
    tab.wait("#state", r"platform")
    assert tab.run("try { return parent.document.title } catch (e) { return e.name }") == \
        "SecurityError"
    tab.run("""
        const image = new Image();
        image.onload = () => window.reached = true;
        image.onerror = () => window.refused = true;
        image.src = arguments[0];""", tab.run("return document.referrer") + "ringlet.svg")
    deadline = time.monotonic() + 20
    while not tab.run("return window.refused || window.reached || false"):
        assert time.monotonic() < deadline
    assert tab.run("return window.reached") is None
    tab.run("location.href = 'data:text/html,<h1>elsewhere</h1>'")
    tab.frame()
    time.sleep(0.5)
    assert any("frame-src" in line or "img-src" in line for line in tab.log())


@mark
def test_echo_in_a_tab(page):
    tab = page(fragment="echo")
    tab.wait("#status", r"^echo runs")
    tab.run("document.getElementById('line').focus()")
    tab.type("\ue007")
    tab.wait("#answers", r"^Hello, guest\.$")


@mark
def test_keyboard_only(page):
    """From the top to the bottom by Tab; the arrows choose, Enter starts, Shift+Tab leaves."""
    tab = page(fragment="shell")
    tab.wait(TERMINAL, r"ringlet>")
    tab.type("\ue004")
    assert tab.focus() == "image-shell"
    tab.type("\ue015\ue015\ue015")  # down, past httpd and echo
    assert tab.focus() == "image-hello"
    tab.type("\ue004")
    assert tab.focus() == "words"
    tab.type("\ue004")
    assert tab.focus() == "start"
    tab.type("\ue007")
    tab.wait("#status", r"^hello left with exit code 3, ")
    assert "xterm" in tab.focus()
    tab.type("\ue008\ue004")
    assert tab.focus() == "start"


@mark
@pytest.mark.parametrize("case", ["missing image", "missing list", "no WebAssembly", "cut image"])
def test_errors_in_words(page, case):
    if case == "missing image":
        tab = page(fragment="hello", changes={"/images/hello.elf": 404})
        tab.wait("#error", r"^images/hello\.elf is missing on the server \(404\)\.")
        tab.run("document.getElementById('image-echo').click()")
        tab.run("document.getElementById('start').click()")
        tab.wait("#status", r"^echo runs")
        assert tab.text("#error") == ""
    elif case == "missing list":
        tab = page(changes={"/images.json": 404})
        tab.wait("#error", r"^images\.json is missing on the server \(404\)\.")
    elif case == "no WebAssembly":
        tab = page(script="delete window.WebAssembly")
        tab.wait("#error", r"^This browser has no WebAssembly")
    else:
        tab = page(fragment="hello", script="""
            const real = fetch;
            window.fetch = async (what) => {
                const answer = await real(what);
                return String(what).endsWith("hello.elf")
                    ? new Response((await answer.arrayBuffer()).slice(0, 1000)) : answer;
            };""")
        tab.wait("#error", r"^images/hello\.elf has 1000 bytes, the list says \d+\.")


@mark
def test_image_too_large_in_a_tab(page):
    tab = page(fragment="hello", script="""
        const real = fetch;
        window.fetch = async (what) => {
            if (String(what).endsWith("images.json")) {
                const list = await (await real(what)).json();
                list.forEach((entry) => { entry.image.size = 70 << 20; });
                return new Response(JSON.stringify(list));
            }
            return String(what).endsWith(".elf")
                ? new Response(new Uint8Array(70 << 20)) : real(what);
        };""")
    tab.wait("#error", r"^The image is too large: 70\.0 MiB with its files, and the guest has "
                       r"64\.0 MiB of memory in all\.")
