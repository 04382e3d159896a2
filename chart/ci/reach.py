"""Evaluates the NetworkPolicies of a rendered chart for every pair of pods, and compares with what the design needs.

    reach.py RENDERED.yaml

The pods are those of the chart (as rendered with values-minikube.yaml) and some of others: Dapr's, a Prometheus, an Ingress controller,
strangers inside and outside of the namespace, and two addresses. Whatever is not expected must be closed. Of the check before an upgrade, which runs
between two releases, moves.py has the say. Needs PyYAML.
"""
import itertools
import pathlib
import sys

import yaml

from policies import NAMESPACE, is_open, pods_of

ROLES = ["api", "recurring", "notification", "audit", "sync"]
# Where each kind of pod listens, on addresses that others can reach.
PORTS = {**{role: [8080, 50002, 9090] for role in ROLES}, "kafka": [9092, 9093], "postgresql": [5432], "dns": [53], "sentry": [50001],
         "operator": [6500], "placement": [50005], "scheduler": [50006, 2379], "internet": [443, 80, 5432], "cluster": [443]}


def others():
    def dapr(name, app):
        return {"name": name, "namespace": "dapr-system", "labels": {"app": app}}
    return [
        dapr("sentry", "dapr-sentry"), dapr("operator", "dapr-operator"), dapr("placement", "dapr-placement-server"),
        dapr("scheduler", "dapr-scheduler-server"),
        {"name": "dns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}},
        {"name": "prometheus", "namespace": "monitoring", "labels": {"app": "prometheus"}},
        {"name": "ingress", "namespace": "ingress-nginx", "labels": {"app": "ingress"}},
        {"name": "stranger", "namespace": "elsewhere", "labels": {"app.kubernetes.io/name": "punctual", "app.kubernetes.io/instance": "punctual"}},
        {"name": "neighbour", "namespace": NAMESPACE, "labels": {"app": "neighbour"}},
        {"name": "internet", "address": "93.184.216.34"},
        # The API server, or a database of somebody else.
        {"name": "cluster", "address": "10.0.0.1"},
    ]


def expected():
    """(from, to, port) of every connection that the design has."""
    for one, other in itertools.product(ROLES, ROLES):
        yield one, other, 50002
    for role in ROLES:
        yield from [(role, "dns", 53), (role, "sentry", 50001), (role, "operator", 6500), (role, "placement", 50005),
                    (role, "scheduler", 50006), (role, "kafka", 9092), (role, "postgresql", 5432)]
        yield from [("prometheus", role, 8080), ("prometheus", role, 9090)]
    for role in ["api", "sync"]:
        yield from [("ingress", role, 8080), ("test", role, 8080)]
    yield from [("notification", "internet", port) for port in PORTS["internet"]]
    yield from [("kafka", "kafka", 9092), ("kafka", "dns", 53)]
    yield "test", "dns", 53


def main():
    documents = [document for document in yaml.safe_load_all(pathlib.Path(sys.argv[1]).read_text()) if document]
    policies = [document for document in documents if document["kind"] == "NetworkPolicy"]
    own = list(pods_of(documents))
    pods = own + others()
    names = {pod["name"] for pod in own}
    assert names == {*ROLES, "kafka", "postgresql", "test"}, names
    wanted, faults, pairs = set(expected()), 0, 0
    for one, other in itertools.product(pods, pods):
        # Between pods of others nothing is ours to say.
        if one not in own and other not in own:
            continue
        for port in PORTS.get(other["name"], []):
            pairs += 1
            does = is_open(policies, one, other, port)
            if does != ((one["name"], other["name"], port) in wanted):
                faults += 1
                print(f"{one['name']} → {other['name']}:{port} is {'open' if does else 'closed'}")
    print(f"{pairs} connections looked at, {len(wanted)} open by design, {faults} not as they should be")
    sys.exit(faults > 0)


main()
