"""One case: a simulated server with its faults, a run with healthy traffic around them, and three diagnoses."""
import fnmatch
import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
from dataclasses import dataclass, field

BEFORE, WINDOW, AFTER = 3, 3, 3


@dataclass
class Case:
    name: str
    truth: list  # ids; none of a healthy server
    faults: list = field(default_factory=list)
    setup: dict = field(default_factory=dict)
    variant: str = ""
    kind: str = "single"  # single, pair, healthy


class Lab:
    def __init__(self, program, work, causes, artefacts, again=False):
        self.program, self.work, self.causes, self.artefacts, self.again = program, work, causes, artefacts, again

    def prepare(self):
        if self.again:
            return
        os.makedirs(self.work, exist_ok=True)
        self.call("keygen", "keys.pool", "--count", "8")
        draw = random.Random(7)
        with open(os.path.join(self.work, "pads.csv"), "w") as out:
            out.write(",".join("p%d" % i for i in range(1, 9)) + "\n")
            for row in draw.sample(range(40), 40):
                cells = []
                for i in range(8):
                    labels = row * 5 // 40 if i else 1  # short, longer, long
                    cells.append(".".join("%06x" % draw.getrandbits(24) + "x" * 44 for _ in range(labels)) or "a%d" % i)
                out.write(",".join(cells) + "\n")

    def call(self, *words, timeout=240):
        return subprocess.run([self.program, *words], cwd=self.work, capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL)

    def scenario(self, case, name):
        s = case.setup
        window = s.get("window", WINDOW)
        simulator = {"mode": s.get("mode", "standalone"), "logs": "logs", "noise": s.get("noise", "light"), "faults": case.faults,
                     "otp": {"cache": 200}}  # or what fails before its password is used fills the cache for everybody else
        simulator.update(s.get("simulator", {}))
        devices = {"key": {"pool": "keys.pool", "reuse": True}}
        devices.update(s.get("devices", {}))
        tree = {"name": name, "target": {"url": "sim"}, "simulator": simulator, "devices": devices,
                "load": s.get("load") or [{"rate": "5/s", "for": "%ds" % (s.get("from", BEFORE) + window + AFTER)}],
                "limits": {"error_budget": "100%", "request_timeout": s.get("timeout", "4s"), "device_timeout": "90s"}}
        if s.get("challenge"):
            tree["challenge"] = s["challenge"]
        elif simulator["mode"] == "intune":
            tree["challenge"] = {"source": "intune"}
        return tree

    def run(self, case):
        name = re.sub(r"[^a-zA-Z0-9.-]+", "_", case.name)[:120]
        folder = os.path.join(self.work, name)
        logs = name + ".logs" if case.setup.get("tls") or case.setup.get("restart") else os.path.join(name, "logs")
        if not self.again:
            self.play(case, name, folder)
        with open(os.path.join(folder, "summary.json")) as file:
            summary = json.load(file)
        logs = os.path.join(self.work, logs)
        lacking = self.lacking(case, logs, os.path.join(self.work, name + ".lacking"))
        return {"devices": summary["devices"], "outside": self.diagnose(name) if self.again else summary["diagnosis"],
                "decisive": self.diagnose(name, logs), "lacking": self.diagnose(name, lacking)}

    def play(self, case, name, folder):
        shutil.rmtree(folder, ignore_errors=True)
        tree = self.scenario(case, name)
        server = None
        try:
            if case.setup.get("tls") or case.setup.get("restart"):
                server = self.serve(case, tree, name)
            with open(folder + ".yaml", "w") as out:
                json.dump(tree, out)
            done = self.call("run", name + ".yaml", "--no-progress", "--out", name)
            if "did not listen" in done.stderr:  # a busy machine
                shutil.rmtree(folder, ignore_errors=True)
                done = self.call("run", name + ".yaml", "--no-progress", "--out", name)
        finally:
            if server:
                server.send_signal(signal.SIGINT)
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    server.kill()
        if done.returncode not in (0, 3, 4):
            raise RuntimeError("run ended with %d: %s" % (done.returncode, (done.stderr or done.stdout)[-300:].strip()))

    def serve(self, case, tree, name):
        """A simulator that stands alone: with HTTPS, or to be restarted while it serves."""
        logs = os.path.join(self.work, name + ".logs")
        shutil.rmtree(logs, ignore_errors=True)
        server = subprocess.Popen(
            [self.program, "sim", "--listen", "127.0.0.1:0", *(["--tls"] if case.setup.get("tls") else []),
             "--otp-cache", "200", "--mode", case.setup.get("mode", "standalone"), "--auth", "none", "--logs", logs, "--noise", "light",
             "--supervised", *sum([["--fault", f] for f in case.faults], [])],
            cwd=self.work, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        url = server.stdout.readline().split()[-1]
        scep = url + "/certsrv/mscep/mscep.dll"
        tree["target"] = {"url": scep}
        mode = tree.pop("simulator")["mode"]
        if mode == "standalone":
            tree["challenge"] = {"source": "mscep_admin", "url": url + "/certsrv/mscep_admin/", "auth": "none"}
        elif mode == "intune":
            tree["challenge"] = {"source": "intune", "url": url + "/scepstorm/intune/mint"}
        if case.setup.get("restart"):
            again = threading.Timer(case.setup["restart"], subprocess.run, [["curl", "-sk", "-X", "POST", url + "/scepstorm/admin/restart"]],
                                    {"stdout": subprocess.DEVNULL})
            again.daemon = True
            again.start()
        server.stdin.write("start\n")
        server.stdin.flush()
        if not case.setup.get("tls"):
            return server
        roots = name + ".pem"
        certs = subprocess.run("curl -sk '%s?operation=GetCACert' | openssl pkcs7 -inform DER -print_certs" % scep, shell=True,
                               capture_output=True, text=True).stdout
        with open(os.path.join(self.work, roots), "w") as out:
            out.write(certs)
        tree["target"]["tls"] = {"ca_file": roots}
        return server

    def lacking(self, case, logs, out):
        """The logs without the files that hold what settles the causes."""
        gone = set()
        for cause in case.truth:
            words = self.causes[cause]["decided_by"]
            gone |= {pattern for expression, pattern in self.artefacts if re.search(expression, words, re.I)}
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        for entry in sorted(os.listdir(logs)):
            if any(fnmatch.fnmatch(entry, pattern) for pattern in gone):
                continue
            source, target = os.path.join(logs, entry), os.path.join(out, entry)
            shutil.copytree(source, target) if os.path.isdir(source) else shutil.copyfile(source, target)
        return out

    def diagnose(self, name, logs=None):
        done = self.call("diagnose", name, *(["--evidence", logs] if logs else []), "--json")
        if done.returncode != 0:
            if logs and (not os.listdir(logs) or "nothing" in done.stderr):
                return self.diagnose(name)
            else:
                raise RuntimeError("diagnose ended with %d: %s" % (done.returncode, done.stderr[-300:].strip()))
        return json.loads(done.stdout)["diagnosis"]
