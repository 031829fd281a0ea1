"""A person at a terminal who steers a load. Plays keys to `scepstorm run` on a pty and watches what it says and leaves.

keyboard.py PATH-TO-SCEPSTORM SCENARIO FOLDER"""
import json
import os
import pty
import select
import signal
import sys
import termios
import time

scepstorm, scenario, work = sys.argv[1:4]
PATIENCE_S = 60


# A process that nobody could continue is not stopped by Ctrl-Z, so a shell stands between.
SHELL = ["/bin/bash", "-c", 'set -m; "$@"; echo SHELL; read -r; fg >/dev/null', "bash"]


class Terminal:
    def __init__(self, name, *options, shell=()):
        self.folder = os.path.join(work, name)
        self.heard = ""
        argv = [*shell, scepstorm, "run", scenario, "--out", self.folder, *options]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, {**os.environ, "TERM": "xterm"})
        self.before = termios.tcgetattr(self.fd)

    def is_raw(self):
        return not termios.tcgetattr(self.fd)[3] & termios.ICANON

    def hear(self, wait_s=0.05):
        if select.select([self.fd], [], [], wait_s)[0]:
            try:
                self.heard += os.read(self.fd, 65536).decode(errors="replace")
            except OSError:  # nobody has the other side open any more
                return False
        return True

    def until(self, holds, what):
        end = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > end:
                sys.exit(f"keyboard: waited in vain until {what}; heard: {self.heard[-2000:]}")
            self.hear()

    def press(self, key, answer):
        at = len(self.heard)
        os.write(self.fd, key.encode())
        self.until(lambda: answer in self.heard[at:], f"{key!r} is answered with {answer!r}")

    def end(self):
        """The exit code; the terminal must be as it was."""
        status = None

        def gone():
            nonlocal status
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return pid != 0

        # The last words stay readable on Linux; the settings are read before the terminal is closed.
        self.until(gone, "it ends")
        while self.hear(0) and select.select([self.fd], [], [], 0)[0]:
            pass
        after = termios.tcgetattr(self.fd)
        if after != self.before:
            sys.exit(f"keyboard: the terminal was left as {after}, not {self.before}")
        os.close(self.fd)
        return status

    def summary(self):
        with open(os.path.join(self.folder, "summary.json")) as f:
            return json.load(f)


def check(holds, what):
    if not holds:
        sys.exit(f"keyboard: {what}")


def steered():
    t = Terminal("steered", "--set", "devices.count=120", "--set", "load.0.rate=10/s")
    t.until(lambda: "in flight" in t.heard and t.is_raw(), "it shows progress and reads keys")
    t.press("?", "new arrivals")
    t.press("+", "rate x1.25")
    t.press("-", "rate x1 ")
    t.press("p", "paused")
    t.until(lambda: "PAUSED" in t.heard, "the progress says PAUSED")
    t.press(" ", "going on")
    for _ in range(3):
        t.press("+", "of the plan")
    t.press("+", "limits.rate")  # 10/s x 1.25^4 is above 20/s
    status = t.end()
    code = os.waitstatus_to_exitcode(status)
    check(code in (0, 4), f"exit code {code}: {t.heard[-2000:]}")  # 4: a busy machine
    s = t.summary()
    check(s["devices"]["enrolled"] == 120, s["devices"])
    notes = [n for n in s["notes"] if "by keyboard" in n]
    check(len(notes) == 1 and "paused from" in notes[0] and "rate x1.25 from" in notes[0], s["notes"])
    check(s["validity"]["verdict"] != "valid", s["validity"])
    check(any("by keyboard" in r for r in s["validity"]["reasons"]), s["validity"])


def stopped():
    t = Terminal("stopped", "--set", "devices.count=5000", "--set", "load.0.rate=10/s")
    t.until(lambda: "in flight" in t.heard and t.is_raw(), "it reads keys")
    t.press("q", "stopping")
    code = os.waitstatus_to_exitcode(t.end())
    check(code == 130, f"exit code {code} after q")
    check(t.summary()["devices"]["unsent"] > 4000, t.summary()["devices"])
    check(not any("by keyboard" in n for n in t.summary()["notes"]), t.summary()["notes"])


def killed(number, name):
    t = Terminal(name, "--set", "devices.count=5000", "--set", "load.0.rate=10/s")
    t.until(lambda: "in flight" in t.heard and t.is_raw(), "it reads keys")
    os.kill(t.pid, number)
    t.end()


def suspended():
    t = Terminal("suspended", "--set", "devices.count=5000", "--set", "load.0.rate=10/s", shell=SHELL)
    t.until(lambda: "in flight" in t.heard and t.is_raw(), "it reads keys")
    t.press("\x1a", "SHELL")
    check(not t.is_raw(), "Ctrl-Z does not give the terminal back")
    os.write(t.fd, b"\n")
    t.until(t.is_raw, "it reads keys again")
    t.press("q", "stopping")
    code = os.waitstatus_to_exitcode(t.end())
    check(code == 130, f"exit code {code} after Ctrl-Z and q")


def untouched():
    t = Terminal("untouched", "--no-progress", "--set", "devices.count=20", "--set", "load.0.rate=10/s")
    os.write(t.fd, b"pq")
    code = os.waitstatus_to_exitcode(t.end())
    check(code in (0, 4), f"exit code {code} with --no-progress")


steered()
stopped()
killed(signal.SIGINT, "interrupted")
killed(signal.SIGABRT, "aborted")
killed(signal.SIGTERM, "terminated")
suspended()
untouched()
print("keyboard: paused, steered and stopped by keys; the terminal was given back every time")
