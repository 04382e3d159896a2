"""Holds the guides for clouds against what the chart renders with the values they name, and against what they rely on; and the runbooks.

    guides.py FOLDER

The folder has a file for each set of values, as .ci/chart names them. Needs PyYAML.
"""
import pathlib
import re
import sys

import yaml

from documents import documents_in

CERTIFICATES = pathlib.Path("docs/deploy/certificate.md").read_text()


def manifests(text):
    """What a guide gives to `kubectl apply`, with its shell variables as they stand."""
    for part in re.findall(r"kubectl apply -f - <<END\n(.*?)\nEND\n", text, re.S):
        yield from (one for one in yaml.safe_load_all(part.replace("[$HOST]", "[host]").replace("$PROJECT", "project")))


def faults_of(cloud, guide, documents):
    gateways = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in manifests(guide) if one["kind"] == "Gateway"}
    for route in (one for one in documents if one["kind"] == "HTTPRoute"):
        for parent in route["spec"]["parentRefs"]:
            key = parent.get("namespace", "punctual"), parent["name"]
            own = [one for one in documents if one["kind"] == "Gateway" and one["metadata"]["name"] == parent["name"]]
            if "namespace" not in parent and own:
                gateways[key] = own[0]
            if key not in gateways:
                yield f"nobody makes the Gateway {key}"
            elif parent.get("sectionName", "https") not in {listener["name"] for listener in gateways[key]["spec"]["listeners"]}:
                yield f"{key} has no listener {parent['sectionName']}"
    for (namespace, name), gateway in gateways.items():
        secrets = {reference["name"] for listener in gateway["spec"]["listeners"] for reference in listener.get("tls", {}).get("certificateRefs", [])}
        made = {one["spec"]["secretName"] for one in manifests(CERTIFICATES) if one["kind"] == "Certificate" and one["metadata"]["namespace"] == namespace}
        yield from [f"no certificate is made in {namespace} for {name}"] if not secrets <= made else []
    for word in ("ingress-nginx ingress-nginx", "webapprouting.kubernetes.azure.com", "--high-availability"):
        yield from [f"rests on {word}, which is retired"] if word in guide else []
    said = re.search(r"--database-flags=max_connections=(\d+)", guide)
    if cloud == "gke":
        most = {one["metadata"]["name"]: one["spec"].get("maxReplicas") for one in documents if one["kind"] == "HorizontalPodAutoscaler"}
        each = next(int(entry["value"]) for one in documents if one["kind"] == "Component" for entry in one["spec"]["metadata"] if entry["name"] == "maxConns")
        opened = 2 * sum(most.values()) * each
        if not said or int(said[1]) < opened + 3:
            yield f"the database takes {said and said[1]} connections, and {opened + 3} are wanted"
        yield from [] if f"the pods open {opened} at most" in guide else [f"does not say that the pods open {opened} at most"]


def runbooks():
    """A role is several pods: the log of a Deployment is that of one. What a command needs is said before it."""
    for page in sorted(pathlib.Path("docs/runbooks").glob("*.md")):
        for script in re.findall(r"```sh\n(.*?)```", page.read_text(), re.S):
            commands = [line.split(" # ")[0] for line in script.splitlines()]
            yield from [f"{page.name}: looks at one pod of several: {line}" for line in commands if re.search(r"(logs|port-forward) deployment/punctual-[a-zR]", line)]
            yield from [f"{page.name}: looks at a part: {line}" for line in commands if " logs -l" in line and "--max-log-requests" not in line]
            said = set(re.findall(r"^(\w+)=", script, re.M))
            yield from [f"{page.name}: ${name} is said nowhere" for line in commands for name in re.findall(r"\$(\w+)", line) if name not in said]


def certificates():
    """An Issuer of a namespace does not use the credentials of cert-manager's own account."""
    for one in manifests(CERTIFICATES):
        if one["kind"] == "Issuer" and any("cloudDNS" in solver.get("dns01", {}) and "serviceAccountSecretRef" not in solver["dns01"]["cloudDNS"]
                                           for solver in one["spec"]["acme"]["solvers"]):
            yield "an Issuer without a key asks Cloud DNS"
    issuers = {(one["kind"], one["metadata"]["name"], one["metadata"].get("namespace")) for one in manifests(CERTIFICATES) if one["kind"].endswith("Issuer")}
    for one in (one for one in manifests(CERTIFICATES) if one["kind"] == "Certificate"):
        kind = one["spec"]["issuerRef"].get("kind", "Issuer")
        if (kind, one["spec"]["issuerRef"]["name"], one["metadata"]["namespace"] if kind == "Issuer" else None) not in issuers:
            yield f"nobody issues {one['metadata']}"


def azure(cloud, guide, _):
    """What `az` and the add-on do not do by themselves: azure-cli 2.91's own arguments, and Microsoft's page of the add-on."""
    if cloud != "aks":
        return
    # The server is given a zone by its name, and finds it and its link to the network, or is not made.
    steps = ["private-dns zone create", "private-dns link vnet create", "postgres flexible-server create"]
    places = [guide.find(f"az {'' if step.startswith('postgres') else 'network '}{step}") for step in steps]
    if -1 in places or places != sorted(places):
        yield f"{steps} are not there in that order"
    options = {one["metadata"]["name"]: yaml.safe_load(one["data"]["service"]) for one in manifests(guide) if one["kind"] == "ConfigMap"}
    for gateway in (one for one in manifests(guide) if one["kind"] == "Gateway"):
        service = options.get(gateway["spec"].get("infrastructure", {}).get("parametersRef", {}).get("name"), {})
        if service.get("spec") != {"externalTrafficPolicy": "Local"}:
            yield f"clients of {gateway['metadata']['name']} lose their addresses"
        unset = {name for name, value in service.get("metadata", {}).get("annotations", {}).items() if value is None}
        probes = {f"service.beta.kubernetes.io/port_{listener['port']}_health-probe_{what}" for listener in gateway["spec"]["listeners"]
                  for what in ("port", "protocol", "request-path")}
        yield from [f"probes are asked for by {name}" for name in sorted(probes - unset)]


def operators(cloud, guide, documents):
    """What is installed is of a version that is named, and Strimzi of that by whose definitions its resources are checked."""
    yield from [f"is installed in any version: {line}" for line in re.findall(r"^helm install (?!punctual)(.*?[^\\])$", guide, re.M | re.S) if "--version" not in line]
    wanted = re.search(r"\bstrimzi=(\S+)", pathlib.Path(".ci/chart").read_text())[1]
    installed = re.search(r"strimzi-kafka-operator --version (\S+)", guide)
    if not installed or installed[1] != wanted:
        yield f"installs Strimzi {installed and installed[1]}, and what the chart makes is checked for {wanted}"


def authorities():
    """Sidecars read Secrets of the release's namespace alone, and a broker's authority is made in the broker's: it is brought over, without its key."""
    guide = pathlib.Path("docs/deploy/kafka.md").read_text().replace("\\\n", "")
    for file in sorted(pathlib.Path("chart").glob("values-*.yaml")):
        ca = yaml.safe_load(file.read_text()).get("kafka", {}).get("ca", {})
        commands = re.findall(rf"kubectl -n punctual create secret generic {re.escape(ca['name'])} (.*?) --dry-run", guide) if ca else []
        if ca and commands != [f"--from-file={ca['key']}=/dev/stdin"]:
            yield f"{file.name} names the Secret {ca['name']} with {ca['key']}, and kafka.md makes {commands}"


def main():
    faults = [*(f"certificate.md: {fault}" for fault in certificates()), *runbooks(), *authorities()]
    clouds = ("aks", "gke", "oke")
    for cloud in clouds:
        documents = list(documents_in(pathlib.Path(sys.argv[1], f"{cloud}.yaml").read_text()))
        guide = pathlib.Path(f"docs/deploy/{cloud}.md").read_text()
        faults += [f"{cloud}.md: {fault}" for check in (faults_of, azure, operators) for fault in check(cloud, guide, documents)]
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"{len(clouds)} guides looked at, {len(faults)} faults")
    sys.exit(bool(faults))


main()
