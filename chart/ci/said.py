"""What values say of the image, and what an installation says of values that do nothing as they are.

    said.py HELM

Needs PyYAML.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

from moves import AKS, MINIKUBE, rendered

# A chart as it is published: with the digest of the image it was made with.
RELEASED, MINE = "sha256:" + "1" * 64, "sha256:" + "2" * 64
IMAGES = [
    (AKS, {}, "ghcr.io/punctual/punctual:0.1.0"),
    (AKS, {"released": RELEASED}, f"ghcr.io/punctual/punctual@{RELEASED}"),
    (AKS, {"released": RELEASED, "tag": "mine"}, "ghcr.io/punctual/punctual:mine"),
    (AKS, {"released": RELEASED, "tag": "mine", "digest": MINE}, f"ghcr.io/punctual/punctual@{MINE}"),
    (MINIKUBE, {"released": RELEASED}, "punctual:local"),
]
GATEWAY, RULES = {"enabled": True, "className": "any"}, {"enabled": True}
NGINX = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}]
# Values, words of the notes, and whether they are there.
NOTES = [
    ({"gateway": GATEWAY}, "do not let the Gateway in", True),
    ({"gateway": GATEWAY, "networkPolicy": {"clients": NGINX}}, "do not let the Gateway in", True),
    ({"gateway": GATEWAY, "networkPolicy": {"clients": [{"ipBlock": {"cidr": "35.191.0.0/16"}}]}}, "do not let the Gateway in", False),
    ({"monitoring": {"rules": RULES}}, "five alerts say for ever", True),
    ({"monitoring": {"rules": RULES, "podMonitor": {"enabled": True}}}, "five alerts say for ever", False),
]


def notes(helm, values):
    """What an installation with Minikube's values and these would say. Helm renders notes for a cluster alone, so here they are a resource's."""
    with tempfile.TemporaryDirectory() as folder:
        chart = pathlib.Path(shutil.copytree("chart", pathlib.Path(folder, "chart")))
        shutil.move(chart / "templates/NOTES.txt", chart / "notes.txt")
        for template in chart.glob("templates/*.yaml"):
            template.unlink()
        (chart / "templates/notes.yaml").write_text('notes: {{ tpl (.Files.Get "notes.txt") . | quote }}\n')
        command = [helm, "template", "punctual", str(chart), "--kube-version", "1.34.4", "--values", f"chart/{MINIKUBE}.yaml", "--values", "-"]
        command += ["--show-only", "templates/notes.yaml"]
        answer = subprocess.run(command, input=yaml.safe_dump(values), capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return yaml.safe_load(answer.stdout)["notes"]


def main():
    helm, faults = sys.argv[1], []
    for file, image, wanted in IMAGES:
        deployments = [one for one in rendered(helm, [file, {"image": image}]) if one["kind"] == "Deployment"]
        images = {one["spec"]["template"]["spec"]["containers"][0]["image"] for one in deployments}
        faults += [f"{image} is {images}, and {wanted} is wanted"] if images != {wanted} else []
    for values, words, wanted in NOTES:
        if (words in notes(helm, values)) != wanted:
            faults.append(f"{values}: {'nothing says' if wanted else 'it is said'} {words!r}")
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"{len(IMAGES) + len(NOTES)} cases looked at, {len(faults)} not as they should be")
    sys.exit(bool(faults))


main()
