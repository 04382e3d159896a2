"""What NetworkPolicies allow, evaluated as Kubernetes defines it."""
import ipaddress

NAMESPACE = "punctual"


def pods_of(documents):
    """The pods of a rendered chart, by their component."""
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


def is_open(policies, one, other, port):
    """Whether `one` reaches `other` at a port."""
    return allows(policies, one, other, port, "Egress", "to") and allows(policies, other, one, port, "Ingress", "from")
