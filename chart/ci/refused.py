"""Tries the values of refused.yaml: what must not be made is refused, and says where.

    refused.py HELM

Needs PyYAML.
"""
import pathlib
import subprocess
import sys

import yaml


def nested(path, value):
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def merged(one, other):
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return other
    return {key: merged(one[key], other[key]) if key in one and key in other else {**one, **other}[key] for key in {**one, **other}}


def said(helm, values):
    """What Helm says of these values; nothing where it takes them."""
    command = [helm, "template", "punctual", "chart", "--kube-version", "1.34.4", "--values", "chart/values-aks.yaml", "--values", "-"]
    answer = subprocess.run(command, input=yaml.safe_dump(values), capture_output=True, text=True, check=False)
    return answer.stderr.strip() if answer.returncode else ""


def main():
    helm, cases = sys.argv[1], yaml.safe_load(pathlib.Path(__file__).with_name("refused.yaml").read_text())
    faults, all_at_once = [], {}
    for path, value in cases["schema"].items():
        all_at_once = merged(all_at_once, nested(path, value))
    # The schema names everything that is wrong, not only the first.
    answer = said(helm, all_at_once)
    faults += [f"{path} may be {value!r}" for path, value in cases["schema"].items() if f"at '/{path.replace('.', '/')}" not in answer]
    for case in cases["together"]:
        answer = said(helm, case["values"])
        if case["says"] not in answer:
            faults.append(f"{case['values']}: {answer or 'taken'}")
    faults += [f"{values}: {answer}" for values in cases["taken"] if (answer := said(helm, values))]
    for fault in faults:
        print(fault)
    print(f"{sum(map(len, cases.values()))} cases looked at, {len(faults)} not as they should be")
    sys.exit(bool(faults))


main()
