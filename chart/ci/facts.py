"""Facts about what a rendered chart makes, which no schema of a single resource can say.

    facts.py FOLDER

The folder has a file for each set of values, as .ci/chart names them. Needs PyYAML.
"""
import pathlib
import sys

import yaml


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]


def routes_say_how_long_a_socket_lasts_where_the_controller_takes_it(name, documents):
    """Google's controller takes no route with `timeouts`: there a policy of its own has to say it."""
    for route in of_kind(documents, "HTTPRoute"):
        said = [rule["timeouts"] for rule in route["spec"]["rules"] if "timeouts" in rule]
        if name == "gke":
            yield from ["a route that Google refuses"] if said else []
            policies = of_kind(documents, "GCPBackendPolicy")
            yield from [] if any(policy["spec"]["default"]["timeoutSec"] >= 3600 for policy in policies) else ["sockets end after 30 seconds"]
        elif said != [{"request": "0s"}]:
            yield f"sockets end by {said}"


def a_database_of_the_release_takes_all_connections_its_sidecars_may_open(_, documents):
    most = {one["metadata"]["name"]: one["spec"].get("replicas", 0) for one in of_kind(documents, "Deployment")}
    for scaler in of_kind(documents, "HorizontalPodAutoscaler") + of_kind(documents, "ScaledObject"):
        spec = scaler["spec"]
        most[spec["scaleTargetRef"]["name"]] = spec.get("maxReplicas") or spec["maxReplicaCount"]
    each = [int(entry["value"]) for store in of_kind(documents, "Component") for entry in store["spec"]["metadata"] if entry["name"] == "maxConns"]
    # 100 is what it has of itself.
    taken = [int(one["spec"].get("postgresql", {}).get("parameters", {}).get("max_connections", 100)) for one in of_kind(documents, "Cluster")]
    taken += [int(entry["value"]) for one in of_kind(documents, "StatefulSet") for container in one["spec"]["template"]["spec"]["containers"]
              for entry in container.get("env", []) if entry["name"] == "MAX_CONNECTIONS"]
    # One more of each while it is updated, and what PostgreSQL keeps for its superuser.
    wanted = sum(count + 1 for count in most.values()) * sum(each) + 3
    yield from [f"{one} connections, and {wanted} are wanted" for one in taken if one < wanted]
    if any(one["spec"]["template"]["spec"]["containers"][0]["name"] == "postgresql" for one in of_kind(documents, "StatefulSet")) and not taken:
        yield "the single server is not told how many connections it takes"


FACTS = [routes_say_how_long_a_socket_lasts_where_the_controller_takes_it,
         a_database_of_the_release_takes_all_connections_its_sidecars_may_open]


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.yaml"))
    faults = 0
    for file in files:
        documents = [document for document in yaml.safe_load_all(file.read_text()) if document]
        for fact in FACTS:
            for fault in fact(file.stem, documents):
                faults += 1
                print(f"{file.stem}: {fault} ({fact.__name__})")
    print(f"{len(FACTS)} facts looked at in {len(files)} renderings, {faults} do not hold")
    sys.exit(faults > 0 or not files)


main()
