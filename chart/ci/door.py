"""Facts about what an Ingress or an HTTPRoute lets clients in to."""
import json
import pathlib

from documents import of_kind


def doors(documents):
    """Each path that leads somewhere: by which way it is compared, and which role it leads to. What a controller compares in its own way is at nginx and at the
    clouds' this path alone, or what begins with it."""
    for one in of_kind(documents, "Ingress"):
        for path in (path for rule in one["spec"]["rules"] for path in rule["http"]["paths"]):
            yield path["pathType"].replace("ImplementationSpecific", "Prefix"), path["path"], path["backend"]["service"]["name"].rsplit("-", 1)[-1]
    for one in of_kind(documents, "HTTPRoute"):
        for rule in one["spec"]["rules"]:
            backend, = rule["backendRefs"]
            for match in rule["matches"]:
                yield match["path"]["type"].removeprefix("Path"), match["path"]["value"], backend["name"].rsplit("-", 1)[-1]


def behind(documents, path):
    """The role that answers: Ingress and Gateway both prefer what is exact, then the longest prefix, by whole segments."""
    found = [(kind == "Exact", len(value), role) for kind, value, role in doors(documents)
             if path == value or (kind == "Prefix" and path.startswith(value.rstrip("/") + "/"))]
    return max(found)[2] if found else None


def clients_are_let_in_to_what_is_theirs_and_to_nothing_else(name, documents):
    """Metrics say of each route how much it is used, of each role how far it is behind: they are for `networkPolicy.scrapers`."""
    if not list(doors(documents)):
        yield from ["there is no door"] if name in ("aks", "gke", "oke", "ci+redis", "ci+everything") else []
        return
    paths = [path.replace("{", "").replace("}", "") for path in json.loads(pathlib.Path("docs/openapi.json").read_text())["paths"]]
    # What it answers beside its contract (hosts/src/roles/api/documents.rs), and what the guides ask once all is up.
    wanted = {path: "api" for path in [*paths, "/", "/docs/", "/docs/errors.md", "/openapi.json", "/readyz"]}
    wanted |= {"/v1/sync": "sync", "/metrics": None, "/metrics/": None, "/healthz": None, "/v1metrics": None}
    for path, role in wanted.items():
        if behind(documents, path) != role:
            yield f"{path} leads to {behind(documents, path)}, and {role} is wanted"


def no_path_has_a_dot_where_nginx_refuses_it(_, documents):
    """ingress-nginx 1.12.0 to 1.12.5, 1.13.0 and 1.13.1 refuse the whole Ingress (kubernetes/ingress-nginx, #13798 to #13800)."""
    for one in of_kind(documents, "Ingress"):
        for path in (path for rule in one["spec"]["rules"] for path in rule["http"]["paths"]):
            if "." in path["path"] and path["pathType"] != "ImplementationSpecific":
                yield f"{path['path']} is of type {path['pathType']}"


def clients_are_shown_a_certificate_of_the_host_they_ask_for(name, documents):
    for one in of_kind(documents, "Ingress"):
        hosts = {rule["host"] for rule in one["spec"]["rules"]}
        shown = {host for tls in one["spec"].get("tls", []) for host in tls["hosts"] if tls["secretName"] == "punctual-tls"}
        if name == "ci+redis" and shown != hosts:
            yield f"{one['metadata']['name']} is of {hosts}, and has a certificate of {shown}"
    for one in of_kind(documents, "Gateway"):
        for listener in one["spec"]["listeners"]:
            if listener["protocol"] != "HTTPS" or not listener["tls"]["certificateRefs"]:
                yield f"{one['metadata']['name']} listens in the clear"


def an_ingress_leaves_quiet_sockets_open(_, documents):
    """Between two pings, of which one comes every 20 seconds; nginx of itself waits for 60, and a controller that is busy may pass one on late."""
    for one in (one for one in of_kind(documents, "Ingress") if one["metadata"]["labels"]["app.kubernetes.io/component"] == "sync"):
        said = one["metadata"].get("annotations", {})
        for which in ("read", "send"):
            seconds = int(said.get(f"nginx.ingress.kubernetes.io/proxy-{which}-timeout", 60))
            yield from [f"sockets end after {seconds} s in which nothing was {which}"] if seconds < 3600 else []


FACTS = [clients_are_let_in_to_what_is_theirs_and_to_nothing_else,
         no_path_has_a_dot_where_nginx_refuses_it,
         clients_are_shown_a_certificate_of_the_host_they_ask_for,
         an_ingress_leaves_quiet_sockets_open]
