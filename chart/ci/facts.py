"""Facts about what a rendered chart makes, which no schema of a single resource can say.

    facts.py FOLDER

The folder has a file for each set of values, as .ci/chart names them. Needs PyYAML and promql-parser.
"""
import json
import pathlib
import re
import sys

import promql_parser
import yaml

import door
import operators
from documents import documents_in, of_kind
from policies import selects


def routes_say_how_long_a_socket_lasts_where_the_controller_takes_it(name, documents):
    """Google's controller takes no route with `timeouts`: there a policy of its own has to say it."""
    for route in of_kind(documents, "HTTPRoute"):
        said = [rule["timeouts"] for rule in route["spec"]["rules"] if "timeouts" in rule]
        if name == "gke":
            yield from ["a route that Google refuses"] if said else []
            policies = of_kind(documents, "GCPBackendPolicy")
            yield from [] if any(policy["spec"]["default"].get("timeoutSec", 30) >= 3600 for policy in policies) else ["sockets end after 30 seconds"]
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
    # All old ones and all new ones while they are updated, and what PostgreSQL keeps for its superuser.
    wanted = 2 * sum(most.values()) * sum(each) + 3
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


def whoever_drains_has_the_time_for_it(name, documents):
    """The service takes requests on and ends what is under way, its sidecar outlasts it, and the pod outlasts both."""
    for one in of_kind(documents, "Deployment"):
        template = one["spec"]["template"]
        arguments = dict(argument.removeprefix("--").split("=", 1) for argument in template["spec"]["containers"][0]["args"] if "=" in argument)
        dapr = {key.removeprefix("dapr.io/"): value for key, value in template["metadata"]["annotations"].items()}
        blocked, graceful = int(dapr["block-shutdown-duration"].removesuffix("s")), int(dapr["graceful-shutdown-seconds"])
        if int(arguments["drain-seconds"]) + 20 > blocked or blocked + graceful + 10 > template["spec"]["terminationGracePeriodSeconds"]:
            yield f"{one['metadata']['name']} drains for {arguments['drain-seconds']} s, and its sidecar may be gone after {blocked} s"
    yield from [] if name != "gke" else whoever_drains_outlasts_googles_load_balancer(documents, int(arguments["drain-seconds"]))


# Until every front end of it has heard that an endpoint is gone.
GOOGLE_HEARS_SECONDS = 30


def whoever_drains_outlasts_googles_load_balancer(documents, drain_seconds):
    """It hears through Google's API, or by its checks, and cuts off what is under way unless told to wait: of both services behind the route."""
    behind = {backend["name"] for route in of_kind(documents, "HTTPRoute") for rule in route["spec"]["rules"] for backend in rule["backendRefs"]}
    of = {kind: {one["spec"]["targetRef"]["name"]: one["spec"]["default"] for one in of_kind(documents, kind)} for kind in ("HealthCheckPolicy", "GCPBackendPolicy")}
    for name in sorted(behind):
        check = {"checkIntervalSec": 15, "unhealthyThreshold": 2, "timeoutSec": 15, **of["HealthCheckPolicy"].get(name, {})}
        notices = check["checkIntervalSec"] * check["unhealthyThreshold"] + check["timeoutSec"]
        if max(notices, GOOGLE_HEARS_SECONDS) >= drain_seconds:
            yield f"{name} drains for {drain_seconds} s, and is sent requests for {max(notices, GOOGLE_HEARS_SECONDS)} s"
        waits = of["GCPBackendPolicy"].get(name, {}).get("connectionDraining", {}).get("drainingTimeoutSec", 0)
        if waits <= drain_seconds:
            yield f"what {name} has under way is cut off after {waits} s"


def placed(pod, labels, strimzi=False):
    selector = pod.get("nodeSelector", {})
    if strimzi:
        rules = pod.get("affinity", {}).get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution", {})
        selector = {part["key"]: part["values"][0] for term in rules.get("nodeSelectorTerms", []) for part in term["matchExpressions"]}
    return {"imagePullSecrets": pod.get("imagePullSecrets", []), "nodeSelector": selector, "tolerations": pod.get("tolerations", []),
            "priorityClassName": pod.get("priorityClassName"), "team": labels.get("team")}


def pod_templates(documents):
    """What each pod is, where it runs, and its rules of spreading: those of the chart and those that operators make of its resources."""
    for one in documents:
        name, spec = f"{one['kind']} {one['metadata']['name']}", one.get("spec", {})
        if one["kind"] in ("Deployment", "StatefulSet", "Job"):
            pod = spec["template"]["spec"]
            yield name, placed(pod, spec["template"]["metadata"]["labels"]), pod.get("topologySpreadConstraints", [])
        elif one["kind"] == "Pod":
            yield name, placed(spec, one["metadata"]["labels"]), []
        elif one["kind"] == "Cluster":
            pod = {**spec, **spec.get("affinity", {})}
            yield name, placed(pod, spec["inheritedMetadata"]["labels"]), spec["topologySpreadConstraints"]
        elif one["kind"] == "Kafka":
            for part in ("kafka", "entityOperator", "kafkaExporter"):
                pod = spec[part]["template"].get("pod", {})
                labels = pod.get("metadata", {}).get("labels", {})
                yield f"{name}/{part}", placed(pod, labels, strimzi=True), pod.get("topologySpreadConstraints", [])


def all_pods_run_where_the_five_may(name, documents):
    if name == "ci+everything":
        # There the brokers are told of a place of their own.
        kafka, = of_kind(documents, "Kafka")
        yield from [] if kafka["spec"]["kafka"]["template"]["pod"]["tolerations"] == [{"key": "brokers", "operator": "Exists"}] else ["brokers have no place of their own"]
        return
    templates = list(pod_templates(documents))
    wanted = next(place for pod, place, _ in templates if pod.startswith("Deployment"))
    assert bool(wanted["tolerations"]) == ("placed" in name), name
    yield from [f"{pod} runs by {place}, and the five by {wanted}" for pod, place, _ in templates if place != wanted]


def copies_are_spread_over_zones_and_nodes_that_they_bear(_, documents):
    for pod, _, spread in pod_templates(documents):
        if pod.startswith(("Deployment", "Cluster")) or pod.endswith("/kafka"):
            if [rule["topologyKey"] for rule in spread] != ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]:
                yield f"{pod} is spread by {spread}"
            yield from [f"{pod} would wait for a node whose taints it does not bear" for rule in spread if rule.get("nodeTaintsPolicy") != "Honor"]


def no_pod_is_made_before_what_its_sidecar_reads(_, documents):
    """Sidecars read Dapr's resources when they start, and never again: on an upgrade too these are changed first."""
    made = [(one["kind"], one["metadata"]["name"]) for one in documents]
    first = min(place for place, (kind, _) in enumerate(made) if kind == "Deployment")
    yield from [f"{kind} {name} comes after the first Deployment" for kind, name in made[first:] if kind in ("Component", "Configuration", "Resiliency", "Subscription")]


def whoever_scales_makes_way_for_keda(_, documents):
    """Its webhook refuses a role that another autoscaler has, and that goes only once KEDA's has come."""
    scalers = of_kind(documents, "HorizontalPodAutoscaler")
    for one in scalers:
        if one["metadata"].get("annotations", {}).get("validations.keda.sh/hpa-ownership") != "false":
            yield f"KEDA cannot follow {one['metadata']['name']}"
    both = {one["spec"]["scaleTargetRef"]["name"] for one in scalers} & {one["spec"]["scaleTargetRef"]["name"] for one in of_kind(documents, "ScaledObject")}
    yield from [f"two scale {name}" for name in both]


def scalars(value):
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        for part in value:
            yield from scalars(part)
    else:
        yield value


def large_numbers_are_written_in_digits(name, documents):
    """Values of a file are floating-point numbers to Helm, which writes them with an exponent from a million on."""
    said = [str(value) for value in scalars(documents)]
    yield from {f"{value[-60:]}" for value in said if re.search(r"\d\.?\d*e\+\d\d", value)}
    if name.endswith("large"):
        yield from [f"nobody says --{option}" for option in ("rate-limit=1000000", "partitions=4000000") if f"--{option}" not in said]


def the_table_of_topics_says_what_is_published_and_heard(_, documents):
    """docs/ARCHITECTURE.md, by the contract of the events and by who may what."""
    table = pathlib.Path("docs/ARCHITECTURE.md").read_text().split("## Topics and schemas")[1].split("\n## ")[0]
    rows = {cells[1].strip().strip("`"): cells[2:5] for cells in (line.split("|") for line in table.splitlines() if line.startswith("| `"))}
    contract = json.loads(pathlib.Path("events/schemas/asyncapi.json").read_text())
    types = {name: {kind.removeprefix("dev.punctual.").removesuffix(".v1") for kind in channel["messages"] if kind != "dev.punctual.sync.marker.v1"}
             for name, channel in contract["channels"].items()}
    heard = {name: {scope for one in of_kind(documents, "Subscription") if one["spec"]["topic"] == name for scope in one["scopes"]} for name in types}
    for name, kinds in types.items():
        said, _, hears = rows.get(name, ("", "", ""))
        named = set(re.findall(r"`([a-z.]+)`", said))
        named = set.union(*types.values()) - named if "every type but" in said else named
        yield from [f"{name} carries {sorted(kinds)}, and the table says {sorted(named)}"] if named != kinds else []
        roles = {role for role in ("api", "recurring", "notification", "audit", "sync") if re.search(rf"\b{role}\b", hears.replace("`", ""))}
        yield from [f"{name} is heard by {sorted(heard[name])}, and the table says {sorted(roles)}"] if roles != heard[name] else []


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


def a_secret_that_was_made_stays_when_the_release_goes(name, documents):
    """Under another signing key nobody finds their account."""
    made = of_kind(documents, "Secret")
    if name == "minikube" and "punctual-signing-key" not in {one["metadata"]["name"] for one in made}:
        yield "nobody makes the signing key"
    yield from [f"{one['metadata']['name']} goes with the release" for one in made
                if one["metadata"].get("annotations", {}).get("helm.sh/resource-policy") != "keep"]


def a_node_that_is_emptied_takes_few_pods_of_a_role_at_once(_, documents):
    budgets = of_kind(documents, "PodDisruptionBudget")
    for one in of_kind(documents, "Deployment"):
        labels = one["spec"]["template"]["metadata"]["labels"]
        own = [budget["spec"] for budget in budgets if selects(budget["spec"]["selector"], labels)]
        if len(own) != 1 or own[0].get("maxUnavailable", 0) in (0, "0%", "100%"):
            yield f"{one['metadata']['name']} has the budgets {own}"
        # A pod that never gets ready would keep its node for ever.
        yield from [f"a broken {one['metadata']['name']} keeps its node" for spec in own if spec.get("unhealthyPodEvictionPolicy") != "AlwaysAllow"]


def no_pod_has_a_token_of_kubernetes(_, documents):
    for one in documents:
        if one["kind"] in ("Deployment", "StatefulSet", "Job", "Pod"):
            pod = one["spec"] if one["kind"] == "Pod" else one["spec"]["template"]["spec"]
        elif one["kind"] == "ServiceAccount":
            pod = one
        else:
            continue
        yield from [] if pod.get("automountServiceAccountToken") is False else [f"{one['kind']} {one['metadata']['name']} has a token"]


def whoever_hangs_is_started_anew_and_whoever_waits_for_a_store_is_not(_, documents):
    """`/healthz` says only that the process answers; `/readyz` says also that what it needs is there."""
    for one in of_kind(documents, "Deployment"):
        container = one["spec"]["template"]["spec"]["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        asked = {probe: container.get(f"{probe}Probe", {}).get("httpGet") for probe in ("liveness", "readiness")}
        wanted = {"liveness": {"path": "/healthz", "port": "http"}, "readiness": {"path": "/readyz", "port": "http"}}
        if asked != wanted or f"--listen=0.0.0.0:{ports['http']}" not in container["args"]:
            yield f"{one['metadata']['name']} is asked {asked}"
            continue
        alive = container["livenessProbe"]
        if alive["periodSeconds"] * alive["failureThreshold"] < 30:
            yield f"{one['metadata']['name']} is started anew after a pause of {alive['periodSeconds'] * alive['failureThreshold']} s"


FACTS = [the_table_of_topics_says_what_is_published_and_heard,
         large_numbers_are_written_in_digits,
         whoever_scales_makes_way_for_keda,
         no_pod_is_made_before_what_its_sidecar_reads,
         routes_say_how_long_a_socket_lasts_where_the_controller_takes_it,
         a_database_of_the_release_takes_all_connections_its_sidecars_may_open,
         keda_shows_the_brokers_what_the_sidecars_show,
         sockets_are_counted_served_and_scaled_by_under_one_name,
         whoever_drains_has_the_time_for_it,
         all_pods_run_where_the_five_may,
         copies_are_spread_over_zones_and_nodes_that_they_bear,
         services_and_their_sidecars_know_each_other_by_tokens,
         only_api_and_sync_have_the_signing_key_and_nobody_has_another_secret,
         a_secret_that_was_made_stays_when_the_release_goes,
         a_node_that_is_emptied_takes_few_pods_of_a_role_at_once,
         no_pod_has_a_token_of_kubernetes,
         whoever_hangs_is_started_anew_and_whoever_waits_for_a_store_is_not,
         *door.FACTS,
         *operators.FACTS]


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.yaml"))
    faults = 0
    for file in files:
        documents = list(documents_in(file.read_text()))
        for fact in FACTS:
            for fault in fact(file.stem, documents):
                faults += 1
                print(f"{file.stem}: {fault} ({fact.__name__})")
    print(f"{len(FACTS)} facts looked at in {len(files)} renderings, {faults} do not hold")
    sys.exit(faults > 0 or not files)


main()
