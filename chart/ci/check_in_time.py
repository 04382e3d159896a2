"""Runs the script of the check before an upgrade where nothing listens and each attempt takes its time: it says all that is wrong, and ends by itself.

    check_in_time.py FOLDER

The folder has a file for each set of values, as .ci/chart names them. Needs PyYAML, and a shell.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from documents import documents_in

LIMIT_SECONDS, ATTEMPT_SECONDS = 2, 1


def main():
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        nobody = pathlib.Path(folder, "nc")
        nobody.write_text(f"#!/bin/sh\nsleep {ATTEMPT_SECONDS}\nexit 1\n")
        nobody.chmod(0o755)
        environment = {"PATH": f"{folder}:{os.environ['PATH']}", "LIMIT_SECONDS": str(LIMIT_SECONDS), "SIGNING_KEY": "", "SIGNING_KEY_IS": "key/k", "GENERATE": "false",
                       "DATABASE": "host=d port=1", "DATABASE_IS": "database/d", "REDIS": "", "BROKERS": ",".join(f"b{number}:1" for number in range(20)),
                       "MAIL_SERVER": "m:1"}
        begin = time.monotonic()
        answer = subprocess.run(["sh", "chart/files/check.sh"], env=environment, capture_output=True, text=True, check=False)
        took = time.monotonic() - begin
    if took > LIMIT_SECONDS + 2 * ATTEMPT_SECONDS + 1:
        faults.append(f"it took {took:.0f} s")
    faults += [f"it says nothing of {what}: {answer.stdout}{answer.stderr}" for what in ("Secret key/k", "PostgreSQL", "Kafka", "the mail server") if f"FAULT: {what}" not in answer.stdout and f"FAULT: there is no {what}" not in answer.stdout]
    if answer.returncode == 0:
        faults.append("it passes")
    jobs = 0
    for file in pathlib.Path(sys.argv[1]).glob("*.yaml"):
        for job in (one for one in documents_in(file.read_text()) if one["kind"] == "Job"):
            jobs += 1
            container = job["spec"]["template"]["spec"]["containers"][0]
            limit = next(int(entry["value"]) for entry in container["env"] if entry["name"] == "LIMIT_SECONDS")
            # One attempt more, and a minute and a half for the image and a node.
            if limit + 10 + 90 > job["spec"]["activeDeadlineSeconds"]:
                faults.append(f"{file.stem}: ended after {job['spec']['activeDeadlineSeconds']} s, and it asks for {limit} s")
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"{jobs} checks looked at, {len(faults)} faults")
    sys.exit(bool(faults) or not jobs)


main()
