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


FACTS = [routes_say_how_long_a_socket_lasts_where_the_controller_takes_it]


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
