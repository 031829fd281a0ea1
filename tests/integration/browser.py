"""Drives a headless Chromium over the pipe of its DevTools protocol: no port, no library. Every wait has one deadline for the
whole browser, so a stuck page fails instead of hanging."""
import base64, json, os, select, shutil, subprocess, tempfile, time

FLAGS = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
         "--disable-dev-shm-usage", "--disable-extensions", "--disable-component-update", "--disable-background-networking",
         "--disable-sync", "--mute-audio", "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-US"]


class Browser:
    def __init__(self, seconds=200):
        self.ends = time.monotonic() + seconds
        self.profile = tempfile.mkdtemp(prefix="page-")
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if not program:
            raise SystemExit("no chromium here: scripts/deps.sh test")
        to_read, self.write = os.pipe()
        self.read, to_write = os.pipe()
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [program, *FLAGS, *root, "--user-data-dir=" + self.profile, "about:blank"]
        self.process = subprocess.Popen(["bash", "-c", 'exec 3<&"$0" 4>&"$1"; shift; exec "$@"', str(to_read), str(to_write),
                                         *command], pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.rest, self.number, self.session, self.events, self.scripts = b"", 0, None, [], True
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self.session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "Accessibility"):
            self(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self):
        while b"\0" not in self.rest:
            left = self.ends - time.monotonic()
            if left <= 0 or not select.select([self.read], [], [], left)[0]:
                raise SystemExit("the browser did not answer in time")
            some = os.read(self.read, 1 << 20)
            if not some:
                raise SystemExit("the browser ended: %s" % self.process.poll())
            self.rest += some
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def __call__(self, method, **params):
        self.number += 1
        number, say = self.number, {"id": self.number, "method": method, "params": params}
        if self.session:
            say["sessionId"] = self.session
        data = json.dumps(say).encode() + b"\0"
        while data:
            data = data[os.write(self.write, data):]
        while True:
            heard = self.message()
            if heard.get("id") == number:
                if "error" in heard:
                    raise SystemExit("%s: %s" % (method, heard["error"]))
                return heard["result"]
            self.events.append(heard)

    def wait(self, event):
        while not any(e.get("method") == event for e in self.events):
            self.events.append(self.message())

    def open(self, url):
        self.events = []
        self("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    # The value of an expression; a promise is awaited.
    def js(self, expression):
        answer = self("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise SystemExit("in the page: %s: %s" % (expression[:200], answer["exceptionDetails"]))
        return answer["result"].get("value")

    # Two frames have been drawn since: what was asked for before is to be seen. Without scripts nobody can tell.
    def drawn(self):
        if self.scripts:
            self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def let_scripts(self, run):
        self("Emulation.setScriptExecutionDisabled", value=not run)
        self.scripts = run

    # Where the middle of an element is in the window, after it was brought there.
    def middle(self, selector):
        return self.js("(() => { const e = document.querySelector(%s); e.scrollIntoView({block: 'center', behavior: 'instant'});"
                       "const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
                       % json.dumps(selector))

    def point(self, selector):
        x, y = self.middle(selector)
        self("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.drawn()

    def click(self, selector):
        x, y = self.middle(selector)
        for what in ("mousePressed", "mouseReleased"):
            self("Input.dispatchMouseEvent", type=what, x=x, y=y, button="left", clickCount=1)
        self.drawn()

    def press(self, key, selector=None):
        codes = {"Enter": 13, "Tab": 9, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35}
        if selector:
            self.js("document.querySelector(%s).focus()" % json.dumps(selector))
        text = {"text": "\r"} if key == "Enter" else {}
        self("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=codes[key], **text)
        self("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=codes[key])
        self.drawn()

    def window(self, width, height=900):
        self("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.drawn()

    def media(self, scheme="light", media=""):
        self("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.drawn()

    def picture(self, path, whole=True):
        data = self("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self.clip(whole))["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def clip(self, whole):
        if not whole:
            return {}
        size = self("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}}

    def pdf(self):
        return base64.b64decode(self("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])

    # Complaints since the page was opened, and whom it asked for anything.
    def complaints(self):
        self.js("1")
        found = []
        for e in self.events:
            p, method = e.get("params", {}), e.get("method")
            if method == "Runtime.exceptionThrown":
                found.append(p["exceptionDetails"].get("text", "") + str(p["exceptionDetails"].get("exception", {}).get("description")))
            elif method == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
                found.append(str(p["args"]))
            elif method == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
                found.append(p["entry"]["text"])
        return found

    def asked(self):
        urls = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith("data:")]
