"""Facts about what a rendered chart makes, which no schema of a single resource can say.

    facts.py FOLDER

The folder has a file for each set of values, as .ci/chart names them. Needs PyYAML and promql-parser.
"""
import pathlib
import sys

import promql_parser
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


def keda_shows_the_brokers_what_the_sidecars_show(_, documents):
    """The same Secrets, by the names that each has for them: Dapr's component, KEDA's scaler for Kafka."""
    scalers = of_kind(documents, "ScaledObject")
    if not scalers:
        return
    events = next(one for one in of_kind(documents, "Component") if one["metadata"]["name"] == "events")
    settings = {entry["name"]: entry for entry in events["spec"]["metadata"]}
    names = {"caCert": "ca", "clientCert": "cert", "clientKey": "key", "saslUsername": "username", "saslPassword": "password"}
    shown = {names[name]: entry["secretKeyRef"] for name, entry in settings.items() if "secretKeyRef" in entry}
    kind = settings["authType"]["value"]
    wanted = {"tls": "enable" if kind != "none" and settings.get("disableTls", {}).get("value") != "true" else None}
    wanted["sasl"] = {"PLAIN": "plaintext", "SHA-256": "scram_sha256", "SHA-512": "scram_sha512"}[
        settings["saslMechanism"]["value"]] if kind == "password" else None
    made = {one["metadata"]["name"]: {each["parameter"]: {"name": each["name"], "key": each["key"]} for each in one["spec"]["secretTargetRef"]}
            for one in of_kind(documents, "TriggerAuthentication")}
    for trigger in (trigger for scaler in scalers for trigger in scaler["spec"]["triggers"]):
        told = {key: trigger["metadata"].get(key) for key in wanted}
        if told != wanted:
            yield f"KEDA is told {told}, and {wanted} is wanted"
        refers = made.get(trigger.get("authenticationRef", {}).get("name"), {})
        if refers != shown:
            yield f"KEDA shows {refers}, and sidecars show {shown}"


def sockets_are_counted_served_and_scaled_by_under_one_name(_, documents):
    """By the service, by the adapter with the rule of ours, by the autoscaler."""
    asked = {metric["pods"]["metric"]["name"] for scaler in of_kind(documents, "HorizontalPodAutoscaler") for metric in scaler["spec"]["metrics"]
             if metric["type"] == "Pods"}
    rules = yaml.safe_load(pathlib.Path("chart/files/prometheus-adapter.yaml").read_text())["rules"]["custom"]
    served = {rule["seriesQuery"].split("{")[0] for rule in rules}
    if asked - served:
        yield f"the adapter serves {served}, and {asked} is asked for"
    counted = "".join(file.read_text() for file in pathlib.Path("hosts/src/serve").glob("*.rs"))
    yield from [f"nobody counts {name}" for name in served if f'"{name.removeprefix("punctual_")}"' not in counted]
    for rule in rules:
        matchers, pod = 'namespace="a",pod=~"b|c"', rule["metricsQuery"].replace("<<.Series>>", rule["seriesQuery"].split("{")[0])
        promql_parser.parse(pod.replace("<<.LabelMatchers>>", matchers).replace("<<.GroupBy>>", "pod"))
        promql_parser.parse(rule["seriesQuery"])


def whoever_drains_has_the_time_for_it(_, documents):
    """The service takes requests on and ends what is under way, its sidecar outlasts it, and the pod outlasts both."""
    for one in of_kind(documents, "Deployment"):
        template = one["spec"]["template"]
        arguments = dict(argument.removeprefix("--").split("=", 1) for argument in template["spec"]["containers"][0]["args"] if "=" in argument)
        dapr = {key.removeprefix("dapr.io/"): value for key, value in template["metadata"]["annotations"].items()}
        blocked, graceful = int(dapr["block-shutdown-duration"].removesuffix("s")), int(dapr["graceful-shutdown-seconds"])
        if int(arguments["drain-seconds"]) + 20 > blocked or blocked + graceful + 10 > template["spec"]["terminationGracePeriodSeconds"]:
            yield f"{one['metadata']['name']} drains for {arguments['drain-seconds']} s, and its sidecar may be gone after {blocked} s"


def no_sidecar_starts_before_the_operator_has_made_its_user(_, documents):
    users = {one["metadata"]["name"] for one in of_kind(documents, "KafkaUser")}
    for one in of_kind(documents, "Deployment"):
        containers = one["spec"]["template"]["spec"].get("initContainers", [])
        awaited = {entry["valueFrom"]["secretKeyRef"]["name"] for container in containers for entry in container.get("env", [])}
        if users - awaited:
            yield f"{one['metadata']['name']} does not wait for {users}"


def services_and_their_sidecars_know_each_other_by_tokens(_, documents):
    """Both ways, and what a service asks of its sidecar is what the sidecar is given."""
    for one in of_kind(documents, "Deployment"):
        template = one["spec"]["template"]
        shown = {entry["name"]: entry["valueFrom"]["secretKeyRef"] for entry in template["spec"]["containers"][0]["env"]
                 if entry["name"].endswith("_API_TOKEN")}
        dapr = template["metadata"]["annotations"]
        wanted = {f"{who}_API_TOKEN": {"name": dapr.get(f"dapr.io/{key}-token-secret"), "key": "token"} for who, key in {"APP": "app", "DAPR": "api"}.items()}
        if shown != wanted or not all(secret["name"] for secret in wanted.values()):
            yield f"{one['metadata']['name']} is shown {shown}, and its sidecar {wanted}"


def only_api_and_sync_have_the_signing_key_and_nobody_has_another_secret(_, documents):
    """A sidecar hands out variables of its own container, by a component for those two, of which the configuration allows the one."""
    theirs = ["api", "sync"]
    for store in (one for one in of_kind(documents, "Component") if one["spec"]["type"].startswith("secretstores.")):
        if store["scopes"] != theirs or store["spec"]["type"] != "secretstores.local.env":
            yield f"{store['metadata']['name']} is a {store['spec']['type']} for {store['scopes']}"
    scopes = [scope for one in of_kind(documents, "Configuration") for scope in one["spec"]["secrets"]["scopes"]]
    wanted = [("kubernetes", "deny", []), ("secrets", "deny", ["signingkey"])]
    said = sorted((scope["storeName"], scope["defaultAccess"], scope.get("allowedSecrets", [])) for scope in scopes)
    if said != wanted:
        yield f"the sidecars may hand out {said}"
    for one in of_kind(documents, "Deployment"):
        dapr = one["spec"]["template"]["metadata"]["annotations"]
        names = {entry.split("=")[0] for entry in dapr.get("dapr.io/env-from-secret", "").split(",") if entry}
        if names != ({"PUNCTUAL_SECRET_signingkey"} if dapr["dapr.io/app-id"] in theirs else set()):
            yield f"{dapr['dapr.io/app-id']} has {names}"
        if dapr["dapr.io/disable-builtin-k8s-secret-store"] != "true":
            yield f"{dapr['dapr.io/app-id']} may read Secrets of Kubernetes"


FACTS = [routes_say_how_long_a_socket_lasts_where_the_controller_takes_it,
         a_database_of_the_release_takes_all_connections_its_sidecars_may_open,
         keda_shows_the_brokers_what_the_sidecars_show,
         sockets_are_counted_served_and_scaled_by_under_one_name,
         whoever_drains_has_the_time_for_it,
         no_sidecar_starts_before_the_operator_has_made_its_user,
         services_and_their_sidecars_know_each_other_by_tokens,
         only_api_and_sync_have_the_signing_key_and_nobody_has_another_secret]


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
