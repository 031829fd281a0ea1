"""Reads along while runs go: live_page.py SCEPSTORM SCENARIO. With PICTURES set, leaves pictures there."""
import os, re, signal, subprocess, sys, time, urllib.request
from browser import Browser

scepstorm, scenario = sys.argv[1:]
STATUS = "document.querySelector('header .live')?.textContent || ''"
HEAD = "document.querySelector('main h1').textContent"


def check(what, ok, detail=""):
    if not ok:
        sys.exit("live page: %s %s" % (what, detail))


# Looks again until it is so; a run and a browser share a machine that may be slow.
def until(browser, what, expression, seconds=60):
    ends = time.monotonic() + seconds
    while not browser.js(expression):
        check("never: " + what, time.monotonic() < ends, browser.js(STATUS))
        time.sleep(0.1)


class Run:
    def __init__(self, name, *options):
        self.errors = open(name + ".err", "w+")
        self.process = subprocess.Popen([scepstorm, "run", scenario, "--metrics-listen", "0", "--no-progress", "--out", name,
                                         *options], stdout=subprocess.DEVNULL, stderr=self.errors)
        for _ in range(600):
            found = re.search(r"^metrics on (\S+)", open(name + ".err").read(), re.M)
            if found:
                self.url = found.group(1)
                return
            time.sleep(0.1)
        sys.exit("it does not say where it serves")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def picture(browser, name, whole=True):
    if os.environ.get("PICTURES"):
        browser.picture(os.path.join(os.environ["PICTURES"], name + ".png"), whole)


def strangers(browser, url):
    return [asked for asked in browser.asked() if not asked.startswith(url)]


# What the reader does stays while content comes and goes.
def reading(browser):
    until(browser, "a failure with its cause", "!!document.querySelector('#causes details[id]')")
    browser.js("window.first = document.querySelector('main').firstElementChild; 1")
    browser.js("document.querySelectorAll('#steps details, #causes details, .data').forEach(d => { if (d.id) d.open = true; }); 1")
    opened = browser.js("[...document.querySelectorAll('details[open][id]')].map(d => d.id)")
    boxes = browser.js("[...document.querySelectorAll('figure input[type=checkbox][id]')].map(b => b.id)")
    check("no series can be chosen", len(boxes) > 0)
    browser.js("document.getElementById('%s').click(); document.getElementById('%s').focus({preventScroll: true}); 1" % (boxes[0], boxes[0]))
    browser.js("scrollTo({top: document.querySelector('#steps').offsetTop, behavior: 'instant'}); window.at = scrollY; 1")
    top = browser.js("document.querySelector('#steps').getBoundingClientRect().top")
    for _ in range(2):
        browser.js("window.first = document.querySelector('main').firstElementChild; 1")
        until(browser, "new content", "document.querySelector('main').firstElementChild !== window.first")
    still = browser.js("[...document.querySelectorAll('details[open][id]')].map(d => d.id)")
    check("folded by itself:", set(opened) <= set(still), set(opened) - set(still))
    check("the series came back", browser.js("document.getElementById('%s').checked" % boxes[0]) is False)
    check("the focus was lost", browser.js("document.activeElement.id") == boxes[0], browser.js("document.activeElement.outerHTML.slice(0, 80)"))
    moved = abs(browser.js("document.querySelector('#steps').getBoundingClientRect().top") - top)
    check("what was read moved by %s px" % moved, moved < 3)
    picture(browser, "live-reading")
    browser.js("const p = document.querySelector('main h1'); getSelection().selectAllChildren(p); window.held = p; 1")
    time.sleep(2.5)
    check("selected text was taken away", browser.js("window.held.isConnected && !getSelection().isCollapsed"))
    browser.js("getSelection().removeAllRanges(); 1")
    until(browser, "content after the selection", "!window.held.isConnected")


def whole_run(browser):
    with Run("whole") as run:
        browser.open(run.url)
        until(browser, "running", STATUS + " === 'Running'")
        before = browser.js(HEAD)
        until(browser, "new figures", "%s !== %r" % (HEAD, before))
        reading(browser)
        until(browser, "the end", STATUS + " === 'Ended'", 120)
        until(browser, "the verdict", "/^[0-9]+ of 250 devices/.test(%s)" % HEAD)
        check("it asked others:", not strangers(browser, run.url), strangers(browser, run.url))
        check("complaints:", not browser.complaints(), browser.complaints())
        browser.js("scrollTo(0, 0); 1")
        picture(browser, "live-ended", False)
        run.process.wait(60)
        asked = len(browser.asked())
        time.sleep(2.5)
        check("it goes on asking after the end", len(browser.asked()) == asked)
        check("it forgot how the run ended", browser.js(STATUS) == "Ended", browser.js(STATUS))


def cut_run(browser):
    with Run("cut", "--set", "load.0.rate=5/s") as run:
        browser.open(run.url)
        until(browser, "running", STATUS + " === 'Running'")
        run.process.send_signal(signal.SIGINT)
        until(browser, "interrupted", STATUS + " === 'Interrupted'")
        check("interrupted, but", run.process.wait(60) == 130, run.process.returncode)


def lost_run(browser):
    with Run("lost", "--set", "load.0.rate=5/s") as run:
        browser.open(run.url)
        until(browser, "running", STATUS + " === 'Running'")
        run.process.kill()
        until(browser, "lost", "(%s).startsWith('Connection lost')" % STATUS)
        check("the last figures went away", len(browser.js(HEAD)) > 0)


def without_scripts(browser):
    with Run("plain", "--set", "load.0.rate=5/s") as run:
        reply = urllib.request.urlopen(run.url, timeout=10)
        text = reply.read().decode()
        check("no frame policy", "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"])
        check("no policy within", "default-src 'none'" in text and "connect-src 'self'" in text)
        check("nothing to read without scripts", "<h1" in text and "watched" in text)
        run.process.send_signal(signal.SIGINT)
        run.process.wait(60)


with Browser(280) as browser:
    whole_run(browser)
    cut_run(browser)
    lost_run(browser)
without_scripts(None)
