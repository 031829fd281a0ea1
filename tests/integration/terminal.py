"""The live view on a terminal of any size: what it shows, what it leaves behind, and that it never harms what stood there.

terminal.py PATH-TO-SCEPSTORM SCENARIO FOLDER"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

from screen import Screen

scepstorm, scenario, work = sys.argv[1:4]
PATIENCE_S = 60
BEFORE = ["first words", "last words before"]
PRELUDE = "".join(f"echo {line}; " for line in BEFORE)
SUSPENDED = 'set -m; "$@"; echo SHELL; read -r; fg >/dev/null'
BAR = re.compile(r"\[[#.]{8,}\] +\d+%")
failed = []


class Terminal:
    def __init__(self, name, columns=80, rows=24, *options, folds=True, command='exec "$@"', environment=(), quick=False):
        self.name = name
        self.folder = os.path.join(work, name)
        self.screen = Screen(columns, rows, folds)
        self.pictures = []  # the screen after each time that it kept still
        self.raw = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = {**os.environ, "TERM": "xterm", **dict(environment)}
            if not dict(environment).get("NO_COLOR"):
                environment.pop("NO_COLOR", None)
            argv = ["bash", "-c", f"read -r; {PRELUDE}{command}", "bash", scepstorm, "run", scenario,
                    "--out", self.folder, *options]
            os.execve("/bin/bash", argv, environment)
        self.size(columns, rows)
        settings = termios.tcgetattr(self.fd)
        settings[3] &= ~termios.ECHO  # the model would have to tell our own keys from what the program writes
        termios.tcsetattr(self.fd, termios.TCSANOW, settings)
        self.before = settings
        os.write(self.fd, b"\n")

    def size(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.still()
        self.screen.resize(columns, rows)
        self.size(columns, rows)

    def hear(self, wait_s=0.05):
        """False: silence, or nobody has the other side open any more."""
        if not select.select([self.fd], [], [], wait_s)[0]:
            return False
        try:
            text = os.read(self.fd, 65536).decode(errors="replace")
        except OSError:
            return False
        self.raw += text
        self.screen.feed(text)
        return True

    def still(self):
        """Until a picture is complete: they come twice a second, each at once."""
        while not self.hear(0.5):
            if self.gone():
                return
        while self.hear(0.1):
            pass
        self.pictures.append(self.screen.text())

    def gone(self):
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def until(self, holds, what):
        end = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > end or self.gone():
                sys.exit(f"terminal: {self.name}: waited in vain until {what}:\n{self.screen.text()}")
            self.still()

    def shows(self, pattern):
        self.until(lambda: re.search(pattern, self.screen.text()), f"it shows {pattern!r}")

    def press(self, key):
        os.write(self.fd, key.encode())

    def end(self):
        """The exit code. Pictures go on until then."""
        end = time.monotonic() + PATIENCE_S
        while not self.gone():
            if time.monotonic() > end:
                sys.exit(f"terminal: {self.name}: no end:\n{self.screen.text()}")
            self.still()
        while self.hear(0.2):
            pass
        settings = termios.tcgetattr(self.fd)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        self.check(settings == self.before, f"the terminal's settings were left as {settings}")
        return os.waitstatus_to_exitcode(status)

    def check(self, holds, what):
        if not holds:
            failed.append(f"{self.name}: {what}:\n" + "\n".join(self.screen.text().split("\n")[:30]) + "\n")

    def check_left_behind(self, summary=True):
        """What stood there stands there; of the view there is one line, and then what came after it."""
        text = self.screen.text()
        lines = text.split("\n")
        self.check(lines[:len(BEFORE)] == BEFORE, "what stood on the terminal is gone")
        self.check(len(BAR.findall(text)) <= 1, "old pictures were left behind")
        for words in (" per second", " last 10 s", " in total", " in flight", " failed ", " validity"):
            self.check(not any(line.startswith(words) for line in lines), f"'{words}' of an old picture was left behind")
        if summary:
            self.check(re.search(r"^(\w|:|;| |,)*\d+ of [\d,]+ devices\s", text, re.M), "no summary follows")
        self.check(self.screen.x == 0 or not summary, "the cursor is left within a line")

    def summary(self):
        with open(os.path.join(self.folder, "summary.json")) as f:
            return json.load(f)


def shown(t, pattern):
    t.check(any(re.search(pattern, p) for p in t.pictures), f"it never showed {pattern!r}")


def all_at_once():
    """Wide enough: everything is there, and goes when it is over."""
    t = Terminal("wide", 100, 30)
    t.shows(r"in flight +\d+ .*pki_operation \d+")
    t.shows(r"failed +[1-9]\d* of")
    t.shows(r"\d+%  \S+, \d+% sure: ")  # a cause by name while it goes on
    dump(t)
    t.press("?")
    t.shows("new arrivals")
    t.press("p")
    t.shows(r"PAUSED.*\[#")
    t.shows(r"suspect: .*planned load")
    t.press("p")
    code = t.end()
    t.check(code in (0, 3, 4), f"exit code {code}")
    for pattern in (r"\[#+\.+\] +\d+%  \d+ of 120  0:\d\d, 0:\d\d left", r"per second +offered \d", r"validity +\S",
                    r"last 10 s +p50 \d", r"in total +p50 \d", r"p pause, \+ - rate, q stop"):
        shown(t, pattern)
    t.check_left_behind()
    t.check(t.screen.text().count("new arrivals") == 2, "the help was lost, or came twice")  # two of its lines say so
    t.check(t.screen.wraps == 0 or t.screen.columns < 80, f"{t.screen.wraps} lines were too long")
    t.check(t.screen.colours > 0, "no colours")


def any_size():
    for columns, rows in ((200, 50), (80, 24), (40, 10), (20, 5), (80, 1)):
        t = Terminal(f"size-{columns}x{rows}", columns, rows, "--set", "devices.count=30")
        for _ in range(4):
            t.still()
            wraps = t.screen.wraps
        t.check(wraps == 0, f"{wraps} lines of the view were too long")
        dump(t)
        t.end()
        t.check_left_behind(summary=columns >= 40)


def resized(folds):
    t = Terminal(f"resized-{'folding' if folds else 'cutting'}", 100, 24, folds=folds)
    t.shows(r"in flight +\d")
    for columns, rows in ((60, 24), (45, 12), (30, 8), (120, 30), (80, 5), (80, 24), (41, 24), (100, 24)):
        t.resize(columns, rows)
        t.still()
        t.still()
    t.shows("failed")
    t.end()
    t.check_left_behind()


def interrupted():
    t = Terminal("interrupted", 80, 24)
    t.shows(r"in flight +\d")
    os.kill(t.pid, signal.SIGINT)
    code = t.end()
    t.check(code == 130, f"exit code {code}")
    t.check(re.search(r"(?m)^ INTERRUPTED  \[#*\.+\]", t.screen.text()), "the last picture does not say so")
    t.check("INTERRUPTED: " in t.screen.text(), "the summary does not say so")
    t.check_left_behind()


def aborted():
    """Nobody cleans up after this, but the cursor stands below what is there."""
    t = Terminal("aborted", 80, 24)
    t.shows(r"in flight +\d")
    os.kill(t.pid, signal.SIGQUIT)
    t.end()
    lines = t.screen.text().rstrip("\n").split("\n")
    t.check(lines[:2] == BEFORE, "what stood on the terminal is gone")
    t.check(t.screen.x == 0 and t.screen.lines[t.screen.y] == "", "the cursor is within the view")


def suspended():
    t = Terminal("suspended", 80, 24, command=SUSPENDED)
    t.shows(r"in flight +\d")
    t.press("\x1a")
    t.shows("(?m)^SHELL$")
    t.press("\n")
    t.until(lambda: re.search(r"SHELL\n(.*\n)*.*in flight", t.screen.text()), "a new picture comes below")
    t.press("q")
    t.end()
    t.check("\nSHELL\n" in t.screen.text(), "what the shell said is gone")


def stopped_output():
    """Ctrl-S: the load goes on without its pictures."""
    t = Terminal("xoff", 80, 24, "--set", "devices.count=70")
    t.shows(r"in flight +\d")
    t.press("\x13")
    time.sleep(3)
    t.check(not t.hear(0), "the terminal was not stopped")
    t.press("\x11")
    t.end()
    rules = " ".join(str(r) for r in t.summary()["validity"]["reasons"])
    t.check("stood still for 1" not in rules and "stood still for 2" not in rules, f"the load waited: {rules}")
    t.check_left_behind()


def crew():
    """Several processes, one picture; what they know only together comes at the end."""
    t = Terminal("crew", 80, 24, "--workers", "2", "--set", "devices.count=60")
    t.shows(r"2 shards  \[#")
    t.shows(r"in flight +[1-9]\d* .*pki_operation \d+")
    dump(t)
    t.check("last 10 s" not in t.screen.text(), "a percentile of what nobody has measured yet")
    t.end()
    t.check_left_behind()


def plain(name, command='exec "$@"', **environment):
    t = Terminal(name, 80, 24, "--set", "devices.count=70", command=command, environment=environment)
    code = t.end()
    t.check(code in (0, 3, 4), f"exit code {code}")
    t.check("\x1b" not in t.raw or (t.screen.colours == t.screen.escapes and not environment.get("NO_COLOR")),
            "escapes where there should be none")
    t.check(re.search(r"offered \d+  started \d+  done \d+  in flight \d+  ok", t.screen.text()), "no plain lines")


def quiet(*options):
    t = Terminal("quiet" + options[0], 80, 24, *options, "--set", "devices.count=20")
    t.end()
    t.check("in flight" not in t.raw, "progress in spite of " + options[0])


def dump(t):
    if os.environ.get("SHOW_SCREENS"):
        print(f"---- {t.name}, {t.screen.columns} by {t.screen.rows}\n{t.screen.text()}\n")


all_at_once()
any_size()
resized(folds=True)
resized(folds=False)
interrupted()
aborted()
suspended()
stopped_output()
crew()
plain("no-colour", NO_COLOR="1")
plain("dumb", TERM="dumb")
plain("background", command='timeout 60 "$@"; exit $?')  # a process group of its own, and the terminal is another's
quiet("--quiet")
quiet("--no-progress")
if failed:
    sys.exit("terminal: " + "\n".join(failed))
print("terminal: the view fits, follows the terminal's size, and leaves it in order")
