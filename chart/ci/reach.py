"""Evaluates the NetworkPolicies of a rendered chart for every pair of pods, and compares with what the design needs.

    reach.py RENDERED.yaml

The pods are those of the chart (as rendered with values-minikube.yaml) and some of others: Dapr's, a Prometheus, an Ingress controller,
strangers inside and outside of the namespace, and two addresses. Whatever is not expected must be closed. Needs PyYAML.
"""
import ipaddress
import itertools
import pathlib
import sys

import yaml

NAMESPACE = "punctual"
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
        yield from [("ingress", role, 8080), ("test", role, 8080), ("check", role, 8080)]
    yield from [("notification", "internet", port) for port in PORTS["internet"]]
    yield from [("kafka", "kafka", 9092), ("kafka", "dns", 53)]
    for job in ["check", "test"]:
        yield job, "dns", 53
    yield from [("check", "kafka", 9092), ("check", "postgresql", 5432)]


def pods_of(documents):
    for document in documents:
        kind, component = document["kind"], document["metadata"].get("labels", {}).get("app.kubernetes.io/component")
        if kind == "Pod":
            yield {"name": component, "namespace": NAMESPACE, "labels": document["metadata"]["labels"]}
        elif kind in ("Deployment", "StatefulSet", "Job"):
            yield {"name": component, "namespace": NAMESPACE, "labels": document["spec"]["template"]["metadata"]["labels"]}


def selects(selector, labels):
    def holds(expression):
        value = labels.get(expression["key"])
        return {"In": value in expression.get("values", []), "NotIn": value not in expression.get("values", []),
                "Exists": value is not None, "DoesNotExist": value is None}[expression["operator"]]
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        holds(expression) for expression in selector.get("matchExpressions", []))


def is_peer(peer, pod):
    if "ipBlock" in peer:
        if "address" not in pod:
            return False
        address, block = ipaddress.ip_address(pod["address"]), peer["ipBlock"]
        return address in ipaddress.ip_network(block["cidr"]) and not any(
            address in ipaddress.ip_network(part) for part in block.get("except", []))
    if "address" in pod:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": pod["namespace"]}):
            return False
    elif pod["namespace"] != NAMESPACE:
        return False
    return selects(peer.get("podSelector", {}), pod["labels"])


def allows(policies, pod, other, port, direction, side):
    """Whether `pod` may be reached by (or reach) `other`: where no policy speaks of it, it may."""
    if pod.get("namespace") != NAMESPACE:
        return True
    speaking = [policy["spec"] for policy in policies
                if direction in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], pod["labels"])]
    rules = [rule for spec in speaking for rule in spec.get(direction.lower(), [])]
    return not speaking or any(
        (not rule.get(side) or any(is_peer(peer, other) for peer in rule[side]))
        and (not rule.get("ports") or any(entry["port"] == port for entry in rule["ports"])) for rule in rules)


def main():
    documents = [document for document in yaml.safe_load_all(pathlib.Path(sys.argv[1]).read_text()) if document]
    policies = [document for document in documents if document["kind"] == "NetworkPolicy"]
    own = list(pods_of(documents))
    pods = own + others()
    names = {pod["name"] for pod in own}
    assert names == {*ROLES, "kafka", "postgresql", "check", "test"}, names
    wanted, faults, pairs = set(expected()), 0, 0
    for one, other in itertools.product(pods, pods):
        # Between pods of others nothing is ours to say.
        if one not in own and other not in own:
            continue
        for port in PORTS.get(other["name"], []):
            pairs += 1
            is_open = allows(policies, one, other, port, "Egress", "to") and allows(policies, other, one, port, "Ingress", "from")
            if is_open != ((one["name"], other["name"], port) in wanted):
                faults += 1
                print(f"{one['name']} → {other['name']}:{port} is {'open' if is_open else 'closed'}")
    print(f"{pairs} connections looked at, {len(wanted)} open by design, {faults} not as they should be")
    sys.exit(faults > 0)


main()
