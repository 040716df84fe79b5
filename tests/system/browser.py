"""A real browser for tests: Debian's Chromium without a window, by its driver's WebDriver
protocol (JSON over HTTP on loopback), and a static file server for what it is to open.

Both are this process's own and end with it. The browser is kept from looking for anything outside.
"""

import base64
import functools
import http.server
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request

LIMIT = 60  # seconds that anything may take, on a busy machine

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id (WebDriver, 12.2)


class BrowserError(AssertionError):
    """The browser did not do what the test waited for."""


def missing():
    """What of it is not installed, or None."""
    absent = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"{', '.join(absent)} not installed" if absent else None


class FileServer:
    """Serves a folder at `url`; `changes` maps a path to the status to give instead of a file."""

    def __init__(self, folder):
        self.changes = {}
        changes = self.changes

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                path = self.path.split("?")[0]
                if path in changes:
                    self.send_error(changes[path])
                else:
                    super().do_GET()

            def end_headers(self):
                self.send_header("Cache-Control", "no-store")
                super().end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Browser:
    """One window. `dark`: what the reader prefers; `script` runs before each page's own."""

    def __init__(self, width=1280, height=900, dark=False, script=None):
        self.profile = tempfile.mkdtemp(prefix="ringlet-browser-")
        self.driver = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "chromedriver", "--port=0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.session = None
        try:
            self.base = f"http://127.0.0.1:{self._port()}"
            # Nobody reads the rest: let it not block the driver.
            threading.Thread(target=self.driver.stdout.read, daemon=True).start()
            words = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                     "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                     f"--window-size={width},{height}", f"--user-data-dir={self.profile}"]
            words += ["--blink-settings=preferredColorScheme=0"] if dark else []
            answer = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
                "goog:chromeOptions": {"args": words}}}})
            self.session = f"/session/{answer['sessionId']}"
            self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                         deviceScaleFactor=1, mobile=width < 600)
            if script:
                self.command("Page.addScriptToEvaluateOnNewDocument", source=script)
        except BaseException:
            self.close()
            raise

    def _port(self):
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return found.group(1)
        raise BrowserError("chromedriver did not start")

    def _ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method, headers={"Content-Type": "application/json"},
            data=json.dumps(body).encode() if body is not None else None)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=LIMIT) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise BrowserError(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    def ask(self, method, path, body=None):
        return self._ask(method, self.session + path, body)

    def command(self, name, **params):
        """A command of the DevTools protocol."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": name, "params": params})

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *args):
        """The value of a function's body in the page."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(args)})

    def text(self, selector):
        """What the element shows; "" if it is not there, or hidden."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def wait(self, selector, pattern, limit=LIMIT):
        """Wait until the element's text matches; the match."""
        deadline = time.monotonic() + limit
        while True:
            text = self.text(selector)
            found = re.search(pattern, text, re.MULTILINE)
            if found:
                return found
            if time.monotonic() > deadline:
                raise BrowserError(f"{selector} does not show {pattern!r} but {text!r}; "
                                   f"log: {self.log()}")
            time.sleep(0.05)

    def type(self, text):
        """Press keys, wherever the focus is. WebDriver's codes for special ones are private
        characters: Tab "\\ue004", Enter "\\ue007", Shift "\\ue008"."""
        actions, held = [], []
        for key in text:
            actions.append({"type": "keyDown", "value": key})
            if key == "\ue008":
                held.append(key)
            else:
                actions.append({"type": "keyUp", "value": key})
                actions += [{"type": "keyUp", "value": k} for k in held]
                held = []
        self.ask("POST", "/actions", {"actions": [
            {"type": "key", "id": "keyboard", "actions": actions}]})

    def focus(self):
        """Which element has it: its id, or its tag."""
        return self.run("const e = document.activeElement; return e.id || e.className || e.tagName")

    def frame(self, selector=None):
        """Go into a frame, or back to the top."""
        where = None
        if selector:
            found = self.ask("POST", "/element", {"using": "css selector", "value": selector})
            where = {ELEMENT: found[ELEMENT]}
        self.ask("POST", "/frame", {"id": where})

    def log(self):
        """What the page said on its console since the last time, errors and refusals included."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})
                if entry["level"] in ("WARNING", "SEVERE")]

    def screenshot(self, path, whole=True):
        """The whole page as a PNG file."""
        shot = self.command("Page.captureScreenshot", captureBeyondViewport=whole)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        try:
            if self.session:
                self.ask("DELETE", "")
        finally:
            self.driver.kill()
            self.driver.wait()
            shutil.rmtree(self.profile, ignore_errors=True)
