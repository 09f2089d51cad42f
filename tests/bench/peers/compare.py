"""The assessor beside a script of public Python libraries: same simulator, same mailboxes, same four questions.

    tests/bench/peers/run [MAILBOXES …] [--repeat N] [--one-by-one]

In each setting one simulator serves both, one after the other, over TLS. Printed are the medians of wall time, CPU
seconds (user and system, of that program alone), peak memory and questions put (a batch of 20 has 20), and what the peer
needs for each of ours. The answers are compared mailbox by mailbox; the command ends with 1 where they differ.
"""

import argparse
import collections
import csv
import datetime
import ipaddress
import json
import os
import platform
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
# Without limits ours keeps none of its own either: it would ask Autodiscover 150 times a second at most.
UNPACED = "".join(f"[tenants.bench.pace.{name}]\nrequests = 1000000\nseconds = 1\n" for name in ("directory", "autodiscover"))
SETTINGS = [
    ("no limits, no latency", [], UNPACED),
    ("published limits, 50 ms latency", ["--fault", "throttle", "--fault", "latency=50"], ""),
]


def certificate(folder):
    """A throw-away certificate for loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    issued = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(issued.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)


class Simulator:
    """The simulated tenant in a process of its own."""

    def __init__(self, program, folder, mailboxes, faults):
        command = [program, "simulate", "--users", str(mailboxes), "--listen", "127.0.0.1:0", "--counters"]
        command += ["--tls-cert", "ca.pem"]
        command += ["--tls-key", "key.pem", "--write-roster", "roster.csv", "--write-credentials", "credentials.toml"]
        self.process = subprocess.Popen(command + faults, cwd=folder, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit("the simulator did not start")
        self.url = line.removeprefix("listening on ").strip().replace("127.0.0.1", "localhost")
        self.known = tomllib.loads((folder / "credentials.toml").read_text(encoding="utf-8"))

        direct = urllib.request.ProxyHandler({})
        trusted = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=folder / "ca.pem"))
        self.opener = urllib.request.build_opener(direct, trusted)

    def counts(self):
        """Questions put so far, by kind; a batch counts for what is in it."""
        with self.opener.open(f"{self.url}/__simulator") as answer:
            report = json.load(answer)
        return collections.Counter(report["requests"])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def measured(command, folder, simulator, log):
    """Runs to the end: what the process used, what it asked, and its code."""
    asked, begun = simulator.counts(), time.monotonic()
    with open(folder / log, "wb") as output:
        child = subprocess.Popen(command, cwd=folder, env=environment(folder, simulator), stdout=output, stderr=output)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall, asked = time.monotonic() - begun, simulator.counts() - asked
    peak = used.ru_maxrss / (1024.0 * 1024.0 if sys.platform == "darwin" else 1024.0)
    figures = {"wall time, s": wall, "CPU, s": used.ru_utime + used.ru_stime, "peak memory, MB": peak}
    return {**figures, "questions": asked.total()}, child.returncode


def environment(folder, simulator):
    clean = {name: value for name, value in os.environ.items() if name not in PROXIES}
    trust = {name: str(folder / "ca.pem") for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}
    return {**clean, **trust, "NO_PROXY": "localhost,127.0.0.1", "PEER_SECRET": simulator.known["client_secret"]}


def ours(program, folder, simulator, pace):
    known, url = simulator.known, simulator.url
    (folder / "secret.txt").write_text(known["client_secret"], encoding="utf-8")
    endpoints = "".join(f"{name} = '{url}'\n" for name in ("authority", "graph", "exchange", "autodiscover"))
    (folder / "ewsready.toml").write_text(
        f"[tenants.bench]\ntenant = '{known['tenant']}'\nclient_id = '{known['client_id']}'\n"
        f"credential = {{ kind = 'secret', file = 'secret.txt' }}\n[tenants.bench.endpoints]\n{endpoints}{pace}",
        encoding="utf-8",
    )
    command = [program, "assess", "roster.csv", "--tenant", "bench", "--format", "csv", "--fresh", "--ca-file", "ca.pem"]
    figures, code = measured(command, folder, simulator, "ours.log")
    if code not in (0, 4):
        sys.exit(f"ewsready ended with {code}:\n{(folder / 'ours.log').read_text(encoding='utf-8')}")
    return figures


def peer(folder, simulator, further):
    known = simulator.known
    command = [sys.executable, str(HERE / "administrator.py"), "roster.csv", "peer.csv", "--origin", simulator.url]
    command += ["--tenant", known["tenant"], "--client-id", known["client_id"], *further]
    figures, code = measured(command, folder, simulator, "peer.log")
    if code != 0:
        sys.exit(f"the peer ended with {code}:\n{(folder / 'peer.log').read_text(encoding='utf-8')[-3000:]}")
    return figures


def rows(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


# What our columns say, in the peer's plain yes and no.
YES = {
    "licence": lambda row: row["licence"] in ("full", "kiosk", "f1_no_mailbox_right"),
    "ews": lambda row: row["ews_today"] == "works",
    "routing": lambda row: row["routing"] == "exchange_online",
    "graph": lambda row: row["graph"] == "answers",
}


def differences(folder):
    """Addresses on which the two disagree, by question."""
    mine, theirs = rows(folder / "readiness/readiness.csv"), rows(folder / "peer.csv")
    if [row["address"].lower() for row in mine] != [row["address"].lower() for row in theirs]:
        return {"mailboxes": ["the two lists of addresses differ"]}
    apart = {}
    for question, yes in YES.items():
        for one, other in zip(mine, theirs):
            if yes(one) != (other[question] in ("yes", "exchange_online")):
                seen = one.get(question) or one["ews_today"]
                apart.setdefault(question, []).append(f"{one['address']}: ours {seen}, peer {other[question]}")
    return apart


def compare(args, mailboxes, title, faults, pace):
    """Measures one setting and prints it; whether both came to the same answers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate(folder)
        simulator = Simulator(args.program, folder, mailboxes, faults)
        further = ["--one-by-one"] if args.one_by_one else []
        try:
            results = [
                (ours(args.program, folder, simulator, pace), peer(folder, simulator, further)) for _ in range(args.repeat)
            ]
        finally:
            simulator.stop()
        lines, apart = len(rows(folder / "peer.csv")), differences(folder)
    print(f"\n{mailboxes} accounts ({lines} roster lines), {title}; median of {args.repeat}")
    print(f"  {'':22}{'ewsready':>10}{'peer':>10}{'peer / ewsready':>18}")
    for what in results[0][0]:
        one, other = (statistics.median(pair[side][what] for pair in results) for side in (0, 1))
        digits = 0 if what == "questions" else 2
        print(f"  {what:22}{one:10.{digits}f}{other:10.{digits}f}{other / one:18.1f}")
    for question in ("mailboxes", *YES):
        found = apart.get(question, [])
        print(f"  {question:22}" + ("the same answers" if not found else f"{len(found)} differ: " + "; ".join(found[:3])))
    return not apart


def main():
    parser = argparse.ArgumentParser(description="ewsready beside msgraph-sdk, msal and exchangelib.")
    parser.add_argument("mailboxes", nargs="*", type=int, default=[500, 2000])
    parser.add_argument("--repeat", type=int, default=1, help="runs of each, of which the median is shown")
    parser.add_argument("--one-by-one", action="store_true", help="the peer asks one question after the other")
    parser.add_argument("--program", default=str(ROOT / "target/release/ewsready"))
    args = parser.parse_args()
    print(f"{datetime.date.today()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")
    same = [compare(args, n, *setting) for n in args.mailboxes for setting in SETTINGS]
    sys.exit(0 if all(same) else 1)


if __name__ == "__main__":
    main()
