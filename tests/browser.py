"""A headless Chromium, driven through chromedriver over the WebDriver protocol (W3C), with the standard library alone."""
import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")


class Browser:
    """with Browser() as browser: ... The driver and all its children are gone when it ends, whatever happened."""

    def __init__(self, start_s=60):
        if not CHROMIUM or not DRIVER:
            raise RuntimeError("no browser: install the Debian packages chromium and chromium-driver")
        self._session = None
        self._folder = tempfile.mkdtemp(prefix="neurontwin-browser-")
        log = os.path.join(self._folder, "driver.log")
        with open(log, "wb") as sink:
            self._driver = subprocess.Popen([DRIVER, "--port=0"], stdout=sink, stderr=sink,
                                            env={**os.environ, "TMPDIR": self._folder, "HOME": self._folder})
        try:
            self._port = self._wait_for_port(log, start_s)
            self._start_session()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._session is not None:
            try:
                self._ask("DELETE", "", timeout_s=10)
            except OSError:
                pass  # killed below
            self._session = None
        self._driver.kill()
        self._driver.wait(timeout=30)
        for process in self._left_over():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass  # ended by itself
        shutil.rmtree(self._folder, ignore_errors=True)

    def _left_over(self):
        """The browser's processes: they outlive a driver that was killed. Known by the folder that this browser alone has."""
        for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if self._folder.encode() in entry.read_bytes():
                    yield int(entry.parent.name)
            except OSError:
                pass  # ended meanwhile

    def processor_s(self):
        """Seconds of the processor that all of the browser's processes have had."""
        ticks = 0
        for process in self._left_over():
            try:
                fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
            except OSError:
                pass  # ended meanwhile
        return ticks / os.sysconf("SC_CLK_TCK")

    def _wait_for_port(self, log, start_s):
        """The driver takes a free port and says which."""
        end = time.monotonic() + start_s
        while time.monotonic() < end:
            with open(log, errors="replace") as file:
                for line in file:
                    if "successfully on port" in line:
                        return int(line.rsplit("port", 1)[1].strip(" .\n"))
            if self._driver.poll() is not None:
                break
            time.sleep(0.02)
        with open(log, errors="replace") as file:
            raise RuntimeError(f"chromedriver did not start: {file.read()}")

    def _start_session(self):
        arguments = [
            "--headless=new", "--no-sandbox",  # containers run as root, where the sandbox refuses
            "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
            "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",  # WebGL without a graphics card
            f"--user-data-dir={self._folder}/profile",
        ]
        capabilities = {"browserName": "chrome", "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments},
                        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self._session = self._send("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}}, 180)["sessionId"]

    def _send(self, method, path, body, timeout_s):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", data, {"Content-Type": "application/json"},
                                         method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy there is, not for this
        try:
            with opener.open(request, timeout=timeout_s) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def _ask(self, method, path, body=None, timeout_s=180):
        return self._send(method, f"/session/{self._session}{path}", body, timeout_s)

    def devtools(self, command, **parameters):
        """A command of Chromium's own protocol."""
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, file, width, height=900, dark=False, reduced_motion=False):
        """The page in a window of this inner size."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"}])
        self._ask("POST", "/url", {"url": file.resolve().as_uri()})
        self.wait_for("return document.getElementById('page').childElementCount > 0")  # a report is unpacked first

    def run(self, script, *arguments):
        """The script as a function's body; what it returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait_for(self, script, *arguments, seconds=60):
        """Asks again until the script returns something true, and returns that."""
        end = time.monotonic() + seconds
        while True:
            value = self.run(script, *arguments)
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"{seconds} s passed without: {script}")
            time.sleep(0.05)

    def log(self, kind):
        """What "browser" (the console) or "performance" (requests, among others) logged since the last call."""
        return self._ask("POST", "/se/log", {"type": kind})

    def console(self):
        return [f"{entry['level']}: {entry['message']}" for entry in self.log("browser")]

    def requests(self):
        """Addresses asked for since the last call, but for what a page holds itself and what the browser's own pages ask for."""
        events = (json.loads(entry["message"])["message"] for entry in self.log("performance"))
        sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [of["request"]["url"] for of in sent
                if not of["documentURL"].startswith("chrome:") and not of["request"]["url"].startswith(("data:", "blob:"))]

    def press(self, key):
        self.devtools("Input.dispatchKeyEvent", type="keyDown", key=key)
        self.devtools("Input.dispatchKeyEvent", type="keyUp", key=key)

    def screenshot(self, file, whole=False):
        picture = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        file.write_bytes(base64.b64decode(picture))

    def pdf(self):
        return base64.b64decode(self.devtools("Page.printToPDF", printBackground=False)["data"])
