"""Looks at a report in a real browser: page.py REPORT... ; with PICTURES set, leaves pictures of the first there."""
import os, sys
from browser import Browser

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "page.js")) as file:
    LOOK = file.read()


def check(what, ok, detail=""):
    if not ok:
        sys.exit("page: %s %s" % (what, detail))


def quiet(browser, path):
    check("complaints in the console:", not browser.complaints(), browser.complaints())
    strangers = [url for url in browser.asked() if url != "file://" + path]
    check("it asked the network:", not strangers, strangers)


def looks(browser, what, *names):
    for one in names:
        found = browser.js("(() => {%s\nreturn look.%s(); })()" % (LOOK, one))
        check("%s, %s:" % (what, one), found == [], "\n  ".join(map(str, found or ["nothing found"])))


def ground(browser):
    return browser.js("getComputedStyle(document.body).backgroundColor")


def themes(browser):
    browser.media("light")
    light = ground(browser)
    looks(browser, "light", "contrast")
    browser.media("dark")
    dark = ground(browser)
    check("dark looks like light", light != dark)
    looks(browser, "dark", "contrast")
    browser.click("#theme-light")
    check("light was chosen, but", ground(browser) == light, ground(browser))
    browser.media("light")
    browser.press("ArrowRight", "#theme-light")  # the next of the three: by keyboard, too
    check("dark was chosen, but", ground(browser) == dark, ground(browser))
    looks(browser, "dark by choice", "contrast")
    browser.media("light", "print")
    check("paper is not white but", ground(browser) == "rgb(255, 255, 255)", ground(browser))
    looks(browser, "print", "contrast")
    browser.media("light")
    browser.click("#theme-auto")


def readout(browser, figure):
    return browser.js("document.querySelector('#%s .readout').textContent" % figure)


def interaction(browser):
    check("it reads out before it was asked", readout(browser, "load") == "")
    browser.press("ArrowRight", "#load-plot")
    first = readout(browser, "load")
    check("no values at a key:", "offered" in first and "enrolled" in first, first)
    browser.press("End")
    last = readout(browser, "load")
    check("the keys move nothing:", last != first, last)
    browser.point("#load-plot")
    check("the pointer reads nothing out:", readout(browser, "load") not in ("", last), readout(browser, "load"))
    check("no cursor", browser.js("document.querySelectorAll('#load .cursor').length") == 1)
    shown = "getComputedStyle(document.querySelector('#load svg .s0')).display"
    browser.click("#load-s0")
    check("a series that was left out is there", browser.js(shown) == "none")
    browser.press("ArrowLeft", "#load-plot")
    check("what is left out is read out", "offered" not in readout(browser, "load"), readout(browser, "load"))
    browser.press("Enter", "#load-data > summary")
    check("a fold does not open", browser.js("document.querySelector('#load-data').open") is True)
    kept(browser, shown)


# New content while the page is open: what the reader did stays.
def kept(browser, shown):
    before = readout(browser, "load")
    browser.js("scepstorm.show(document.querySelector('main').innerHTML.replaceAll(/<p class=.readout.*?<\\/p>/g, ''))")
    check("a fold closed with new content", browser.js("document.querySelector('#load-data').open") is True)
    check("a series came back with new content", browser.js(shown) == "none")
    check("the cursor went with new content", readout(browser, "load") == before, readout(browser, "load"))
    check("the focus went with new content", browser.js("document.activeElement.parentElement.id") == "load-data")
    browser.click("#load-s0")


# The tree that screen readers get, as the browser itself makes it.
def named(browser):
    for node in browser("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if node.get("ignored") or role not in ("image", "img", "link", "button", "checkbox", "radio", "group", "DisclosureTriangle", "table"):
            continue
        check("%s without a name" % role, node.get("name", {}).get("value") or role == "group" and not focusable(node), node)


def focusable(node):
    return any(p["name"] == "focusable" and p["value"].get("value") for p in node.get("properties", []))


def narrow(browser):
    browser.window(375, 812)
    looks(browser, "375 pixels", "wide", "contrast")
    browser.js("for (const d of document.querySelectorAll('details')) d.open = true")
    looks(browser, "375 pixels, unfolded", "wide")
    browser.js("for (const d of document.querySelectorAll('details')) d.open = false")
    browser.window(1280)
    looks(browser, "1280 pixels", "wide")


def without_scripts(browser, path):
    browser.let_scripts(False)
    browser.open("file://" + path)
    words = browser.js("document.body.innerText")
    check("nothing to read without scripts", "got their certificate" in words and "Run it again" in words)
    light = ground(browser)
    browser.click("#theme-dark")
    check("no choice of colours without scripts", ground(browser) != light)
    browser.let_scripts(True)
    quiet(browser, path)


def pictures(browser, path, folder):
    browser.open("file://" + path)
    for name, width, scheme in (("light", 1280, "light"), ("dark", 1280, "dark"), ("phone", 375, "light"), ("phone-dark", 375, "dark")):
        browser.window(width, 900)
        browser.media(scheme)
        browser.picture(os.path.join(folder, name + ".png"))
        browser.picture(os.path.join(folder, name + "-first.png"), whole=False)
    browser.window(1280)
    browser.media("light")
    with open(os.path.join(folder, "print.pdf"), "wb") as file:
        file.write(browser.pdf())


def hostile(browser, path):
    browser.open("file://" + path)
    check("a server's words ran", browser.js("window.hacked === undefined") is True)
    check("a server's words became elements", browser.js("document.querySelectorAll('main script, main img, main svg[onload], "
                                                           "main [onerror], main iframe, main [style]').length") == 0)
    check("a server's words are gone", "<script>hacked=1</script>" in browser.js("document.body.textContent"))
    browser.js("for (const d of document.querySelectorAll('details')) d.open = true")
    browser.window(375, 812)
    looks(browser, "hostile at 375 pixels", "wide", "structure")
    browser.window(1280)
    quiet(browser, path)


def main(report, enemy):
    with Browser() as browser:
        browser.window(1280)
        browser.open("file://" + report)
        check("no verdict", "got their certificate" in browser.js("document.querySelector('h1').textContent"))
        looks(browser, "the page", "structure", "wide")
        named(browser)
        themes(browser)
        interaction(browser)
        narrow(browser)
        check("a small print", len(browser.pdf()) > 20000)
        quiet(browser, report)
        without_scripts(browser, report)
        hostile(browser, enemy)
        if os.environ.get("PICTURES"):
            pictures(browser, report, os.environ["PICTURES"])


main(*map(os.path.abspath, sys.argv[1:]))
