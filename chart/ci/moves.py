"""The check before an installation or an upgrade, for each move from one set of values to another: what it asks, and whether it is let out to that.

    moves.py HELM

When it runs, the policies of the release before are in force, and of the new release only what is a hook of a lower weight. What is there is
known to the templates by `lookup`, so they are rendered against a cluster that has the resources of the release before. Needs PyYAML.
"""
import subprocess
import sys

import yaml

from cluster import KINDS, cluster
from documents import documents_in
from policies import NAMESPACE, is_open, pods_of

NOTHING = object()
AKS, CONFLUENT, MINIKUBE, OKE = "values-aks", "values-confluent", "values-minikube", "values-oke"


def own(component):
    labels = {"app.kubernetes.io/name": "punctual", "app.kubernetes.io/instance": "punctual", "app.kubernetes.io/component": component}
    return {"namespace": NAMESPACE, "labels": labels}


# Who stands behind an address that the check asks, by the first word of the host.
SERVERS = {
    "punctual-kafka": own("kafka"), "punctual-events-kafka-bootstrap": {"namespace": NAMESPACE, "labels": {"strimzi.io/cluster": "punctual-events"}},
    "pkc-xxxxx": {"address": "93.184.216.34"}, "smtp": {"address": "93.184.216.34"}, "redis": {"address": "10.20.0.1"},
}
# The database by the values, where it is inside.
DATABASES = {MINIKUBE: own("postgresql"), OKE: {"namespace": NAMESPACE, "labels": {"cnpg.io/cluster": "punctual-postgresql"}}}
MAIL = {"mail": {"from": "a@example.org", "host": "smtp.example.org", "user": {"name": "smtp"}}}
REDIS = {"store": {"kind": "redis", "redisHost": "redis.redis.svc:6379"}}
# What it is, values before (None where it is an installation), values after, and what is asked by then.
MOVES = [
    ("an installation with everything brought", None, [MINIKUBE], NOTHING),
    ("an installation with Strimzi and a database of one's own", None, [AKS], {"DATABASE"}),
    ("an installation with both operators", None, [OKE], set()),
    ("an installation with everything of one's own", None, [AKS, CONFLUENT], {"DATABASE", "BROKERS"}),
    ("an upgrade that changes nothing", [MINIKUBE], [MINIKUBE], {"DATABASE", "BROKERS"}),
    ("an upgrade with both operators", [OKE], [OKE], {"DATABASE", "BROKERS"}),
    ("from Strimzi to Confluent", [AKS], [AKS, CONFLUENT], {"DATABASE", "BROKERS"}),
    ("from Confluent to Strimzi", [AKS, CONFLUENT], [AKS], {"DATABASE"}),
    ("from the single pods to the operators", [MINIKUBE], [OKE], set()),
    ("mail is turned on", [AKS], [AKS, MAIL], {"DATABASE", "BROKERS", "MAIL_SERVER"}),
    ("to another store", [AKS], [AKS, REDIS], {"REDIS", "BROKERS"}),
    ("without policies from now on", [AKS], [AKS, CONFLUENT, {"networkPolicy": {"enabled": False}}], {"DATABASE", "BROKERS"}),
]


FIXED, SCALED, KEDA = ({"defaults": {"autoscaling": {"enabled": False}}, "keda": {"enabled": False}},
                       {"defaults": {"autoscaling": {"enabled": True}}, "keda": {"enabled": False}}, {"keda": {"enabled": True}})
# How many pods an upgrade says that there are of recurring, of which seven run: what it is, values of each release, and the number after the last.
COUNTS = [
    ("a number that is given", [FIXED, FIXED], 2),
    ("an autoscaler is turned on", [FIXED, SCALED], 7),
    ("KEDA is turned on", [FIXED, KEDA], 7),
    ("an upgrade after an autoscaler was turned on", [FIXED, SCALED, SCALED], 7),
    ("an installation with an autoscaler", [SCALED], None),
    ("an upgrade with an autoscaler from the beginning", [SCALED, SCALED], None),
    ("from the autoscaler to KEDA", [SCALED, KEDA], None),
    ("an autoscaler is turned off", [SCALED, FIXED], 2),
]


def rendered(helm, values, *more):
    arguments, text = [], ""
    for one in values:
        if isinstance(one, dict):
            arguments, text = [*arguments, "--values", "-"], yaml.safe_dump(one)
        else:
            arguments += ["--values", f"chart/{one}.yaml"]
    command = [helm, "template", "punctual", "chart", "--namespace", "punctual", "--kube-version", "1.34.4", *arguments, *more]
    answer = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return list(documents_in(answer.stdout))


def references(value):
    """Name and key of every Secret that is referred to and must be there."""
    if isinstance(value, list):
        for part in value:
            yield from references(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key == "secretKeyRef":
                yield part["name"], part["key"]
            else:
                yield from references(part)


def hook(document):
    """The weight of a hook that runs before; None where it is none."""
    annotations = document["metadata"].get("annotations", {})
    return int(annotations.get("helm.sh/hook-weight", 0)) if "pre-" in annotations.get("helm.sh/hook", "") else None


def faults_of(helm, before, after, asked):
    old = rendered(helm, before) if before else []
    # A cluster without the operators does not know their kinds.
    kinds = {version: names for version, names in KINDS.items() if before != [MINIKUBE] or "strimzi" not in version}
    with cluster([document for document in old if hook(document) is None], kinds) as server:
        new = rendered(helm, after, *server, *(["--is-upgrade"] if before else []))
    jobs = [document for document in new if document["kind"] == "Job"]
    if asked is NOTHING or not jobs:
        return [] if asked is NOTHING and not jobs else [f"{len(jobs)} checks"]
    job, = jobs
    if job["metadata"]["annotations"]["helm.sh/hook"] != "pre-install,pre-upgrade":
        return ["does not run"]
    policies = [document for document in old if document["kind"] == "NetworkPolicy" and hook(document) is None]
    policies += [document for document in new if document["kind"] == "NetworkPolicy" and (hook(document) or 0) < 0]
    pod, = pods_of(jobs)
    container = job["spec"]["template"]["spec"]["containers"][0]
    environment = {entry["name"]: entry.get("value", "") for entry in container["env"]}
    does_ask = environment.keys() & {"DATABASE", "BROKERS", "MAIL_SERVER", "REDIS"}
    faults = [] if does_ask == asked else [f"asks {sorted(does_ask)}"]
    # The Secrets of an operator and of the release are made with it.
    made = ("punctual-events-", "punctual-postgresql", *(document["metadata"]["name"] for document in new if document["kind"] in ("Secret", "KafkaUser")))
    needed = {reference for reference in references(new) if not reference[0].startswith(made[:2]) and reference[0] not in made}
    faults += [f"does not look at {'/'.join(reference)}" for reference in sorted(needed - set(references([container])))]
    for name in does_ask:
        if name == "DATABASE":
            # Where that is stands in a Secret: the template is told nothing of it.
            server, port = DATABASES.get(after[0], {"address": "10.225.0.4"}), "5432"
        else:
            host, port = environment[name].split(",")[0].rsplit(":", 1)
            server = SERVERS[host.split(".")[0]]
        if not is_open(policies, pod, server, int(port)):
            faults.append(f"is not let out to {name}")
    return faults


def recurring(helm, releases):
    """The Deployment of recurring as the last of these releases has it, each on a cluster where seven pods of it run."""
    live = []
    for values in releases:
        with cluster(live) as server:
            new = rendered(helm, [AKS, values], *server)
        one, = (one for one in new if one["kind"] == "Deployment" and one["metadata"]["name"] == "punctual-recurring")
        live = [{**one, "spec": {**one["spec"], "replicas": 7}}]
    return one


def main():
    failed = 0
    for what, releases, wanted in COUNTS:
        given = recurring(sys.argv[1], releases)["spec"].get("replicas")
        failed += given != wanted
        if given != wanted:
            print(f"{what}: {given} pods, and {wanted} are wanted")
    for what, before, after, asked in MOVES:
        faults = faults_of(sys.argv[1], before, after, asked)
        failed += bool(faults)
        for fault in faults:
            print(f"{what}: the check {fault}")
    print(f"{len(MOVES) + len(COUNTS)} moves looked at, {failed} not as they should be")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
