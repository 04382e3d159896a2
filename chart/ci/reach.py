"""Evaluates the NetworkPolicies of a rendered chart for every pair of pods, and compares with what the design needs.

    reach.py FOLDER

The folder has what came of each set of values, as .ci/chart names them; the sets of SCENARIOS are looked at. The pods are those of the chart, those
that operators make for it, and some of others: Dapr's, a Prometheus, an Ingress controller, operators, strangers inside and outside of the
namespace, and addresses. Whatever is not expected must be closed. Of the check before an upgrade, which runs between two releases, moves.py has the
say. Needs PyYAML.
"""
import itertools
import pathlib
import sys

from documents import documents_in
from policies import NAMESPACE, is_open, pods_of

ROLES = ["api", "recurring", "notification", "audit", "sync"]
# Where each kind of pod listens, on addresses that others can reach.
PORTS = {**{role: [8080, 50002, 9090] for role in ROLES}, "kafka": [9092, 9093], "postgresql": [5432], "dns": [53], "local-dns": [53],
         "sentry": [50001], "operator": [6500], "placement": [50005], "scheduler": [50006, 2379], "strimzi": [9093],
         "cloudnative-pg": [5432, 8000, 9187], "internet": [443, 80, 587, 5432, 9092], "cluster": [443, 587, 5432, 9092], "azure-database": [5432],
         "google-database": [5432], "mail-server": [587, 25], "collector": [4318], "redpanda": [9093, 9644]}
MADE = [{"name": "strimzi", "namespace": NAMESPACE, "labels": {"strimzi.io/cluster": "punctual-events"}},
        {"name": "cloudnative-pg", "namespace": NAMESPACE, "labels": {"cnpg.io/cluster": "punctual-postgresql"}}]


def of(namespace, name, **labels):
    return {"name": name, "namespace": namespace, "labels": {"app": name, **labels}}


OTHERS = [
    of("dapr-system", "sentry", app="dapr-sentry"), of("dapr-system", "operator", app="dapr-operator"),
    of("dapr-system", "placement", app="dapr-placement-server"), of("dapr-system", "scheduler", app="dapr-scheduler-server"),
    of("kube-system", "dns"), of("monitoring", "prometheus"), of("ingress-nginx", "ingress"), of("gateways", "azure-gateway"), of("envoy-gateway-system", "envoy"),
    of("keda", "keda"), of("cnpg-system", "cnpg-operator"), of("mail", "mail-server"), of("observability", "collector"), of("redpanda", "redpanda"),
    {"name": "stranger", "namespace": "elsewhere", "labels": {"app.kubernetes.io/name": "punctual", "app.kubernetes.io/instance": "punctual"}},
    of(NAMESPACE, "neighbour"),
    {"name": "internet", "address": "93.184.216.34"}, {"name": "local-dns", "address": "169.254.20.10"},
    {"name": "azure-database", "address": "10.225.0.4"}, {"name": "google-database", "address": "10.100.0.9"},
    {"name": "google-front-end", "address": "35.191.0.5"},
    # The API server, or whatever else has an address of the cluster's.
    {"name": "cluster", "address": "10.0.0.1"},
]
# For each set of values: where broker and store are, who stands at the door, and what is open besides.
STRIMZI, CLOUDNATIVE_PG = [("strimzi", 9093)], [("cloudnative-pg", 5432)]
SINGLE = {"broker": [("kafka", 9092)], "store": [("postgresql", 5432)]}
SCENARIOS = {
    "minikube": {**SINGLE, "doors": []},
    "minikube+ci+policies": {**SINGLE, "doors": ["ingress"]},
    "minikube+ci+keda": {**SINGLE, "doors": [], "besides": [("keda", "kafka", 9092)]},
    "aks": {"broker": STRIMZI, "store": [("azure-database", 5432)], "doors": ["azure-gateway"]},
    "gke": {"broker": STRIMZI, "store": [("google-database", 5432)], "doors": ["google-front-end"], "dns": ["dns", "local-dns"]},
    "oke": {"broker": STRIMZI, "store": CLOUDNATIVE_PG, "doors": ["envoy"]},
    # Where a broker of Confluent's will be nobody knows beforehand: every address is open at its port.
    "aks+confluent": {"broker": [("internet", 9092), ("cluster", 9092)], "store": [("azure-database", 5432)], "doors": ["azure-gateway"]},
    "oke+redpanda+ci+keda": {"broker": [("redpanda", 9093)], "store": CLOUDNATIVE_PG, "doors": ["envoy"]},
    "aks+ci+mail": {"broker": STRIMZI, "store": [("azure-database", 5432)], "doors": ["azure-gateway"],
                    "besides": [("notification", "mail-server", 587)]},
    "ci+everything": {
        "broker": STRIMZI, "store": CLOUDNATIVE_PG, "doors": ["ingress"], "internet": [443, 587],
        "besides": [("keda", "strimzi", 9093), *((role, "collector", 4318) for role in ROLES)]},
}


def expected(broker, store, doors, dns=("dns",), internet=tuple(PORTS["internet"]), besides=()):
    """(from, to, port) of every connection that the design has."""
    for one, other in itertools.product(ROLES, ROLES):
        yield one, other, 50002
    for role in ROLES:
        yield from [(role, "sentry", 50001), (role, "operator", 6500), (role, "placement", 50005), (role, "scheduler", 50006)]
        yield from [(role, *place) for place in [*broker, *store]]
        yield from [("prometheus", role, 8080), ("prometheus", role, 9090)]
    yield from itertools.product([*ROLES, "test", *(["kafka"] if broker == SINGLE["broker"] else [])], dns, [53])
    yield from itertools.product([*doors, "test"], ["api", "sync"], [8080])
    yield from [("notification", "internet", port) for port in internet]
    yield from besides
    if broker == SINGLE["broker"]:
        # It finds itself under its advertised name.
        yield "kafka", "kafka", 9092
    if store == CLOUDNATIVE_PG:
        yield from itertools.product(["cloudnative-pg", "cnpg-operator"], ["cloudnative-pg"], [5432, 8000])
        yield "prometheus", "cloudnative-pg", 9187


def policies_in(documents):
    """The policies, and those that Strimzi makes of its listeners."""
    for document in documents:
        if document["kind"] == "NetworkPolicy":
            yield document
        elif document["kind"] == "Kafka":
            listeners = document["spec"]["kafka"]["listeners"]
            rules = [{"from": listener.get("networkPolicyPeers", []), "ports": [{"port": listener["port"]}]} for listener in listeners]
            selector = {"matchLabels": {"strimzi.io/cluster": document["metadata"]["name"]}}
            yield {"spec": {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": rules}}


def is_before(document):
    return "pre-" in document["metadata"].get("annotations", {}).get("helm.sh/hook", "")


def look(documents, scenario):
    """How many connections were looked at, and what is wrong with them."""
    documents = [document for document in documents if not is_before(document)]
    policies, own = list(policies_in(documents)), list(pods_of(documents))
    brought = {name for name, _ in [*scenario["broker"], *scenario["store"]]}
    made = [pod for pod in MADE if pod["name"] in brought]
    assert {pod["name"] for pod in own} == {*ROLES, "test", *(brought & {"kafka", "postgresql"})}, own
    wanted, pairs, faults = set(expected(**scenario)), 0, []
    for one, other in itertools.product(own + made + OTHERS, repeat=2):
        # Between others nothing is ours to say, nor where the pods that an operator makes go.
        if one not in own and other not in own + made:
            continue
        for port in PORTS.get(other["name"], []):
            pairs += 1
            does = is_open(policies, one, other, port)
            if does != ((one["name"], other["name"], port) in wanted):
                faults.append(f"{one['name']} → {other['name']}:{port} is {'open' if does else 'closed'}")
    return pairs, faults


def main():
    pairs = faults = 0
    for name, scenario in SCENARIOS.items():
        looked_at, found = look(documents_in(pathlib.Path(sys.argv[1], f"{name}.yaml").read_text()), scenario)
        pairs, faults = pairs + looked_at, faults + len(found)
        for fault in found:
            print(f"{name}: {fault}")
    print(f"{pairs} connections looked at in {len(SCENARIOS)} renderings, {faults} not as they should be")
    sys.exit(faults > 0)


main()
