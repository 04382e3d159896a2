"""As much of an API server as `helm template --dry-run=server` asks: which kinds there are, and resources by name."""
import contextlib
import http.server
import json
import pathlib
import tempfile
import threading

PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "Secret": "secrets", "NetworkPolicy": "networkpolicies", "Kafka": "kafkas", "Cluster": "clusters"}
KINDS = {"v1": ["Secret"], "apps/v1": ["Deployment", "StatefulSet"], "networking.k8s.io/v1": ["NetworkPolicy"], "kafka.strimzi.io/v1": ["Kafka"],
         "postgresql.cnpg.io/v1": ["Cluster"]}


def answers(documents, kinds):
    """What is answered at each path of a cluster that knows `kinds` and has `documents`."""
    groups = {}
    for version in kinds:
        if "/" in version:
            groups.setdefault(version.split("/")[0], []).append({"groupVersion": version, "version": version.split("/")[1]})
    found = {"/version": {"major": "1", "minor": "34", "gitVersion": "v1.34.4"}, "/api": {"kind": "APIVersions", "versions": ["v1"]},
             "/apis": {"kind": "APIGroupList", "groups": [
                 {"name": name, "versions": versions, "preferredVersion": versions[0]} for name, versions in groups.items()]}}
    base = {version: f"/apis/{version}" if "/" in version else f"/api/{version}" for version in kinds}
    for version, names in kinds.items():
        resources = [{"name": PLURALS[kind], "kind": kind, "namespaced": True, "verbs": ["get"]} for kind in names]
        found[base[version]] = {"kind": "APIResourceList", "groupVersion": version, "resources": resources}
    for document in documents:
        if document["kind"] in kinds.get(document["apiVersion"], []):
            found[f"{base[document['apiVersion']]}/namespaces/punctual/{PLURALS[document['kind']]}/{document['metadata']['name']}"] = document
    return found


@contextlib.contextmanager
def cluster(documents, kinds=KINDS):
    """The arguments with which Helm asks it."""
    known = answers(documents, kinds)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            absent = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
            answer = known.get(self.path.split("?")[0], absent)
            body = json.dumps(answer).encode()
            self.send_response(404 if answer is absent else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config = pathlib.Path(folder, "config")
        config.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "it", "contexts": [{"name": "it", "context": {"cluster": "it", "user": ""}}],
            "clusters": [{"name": "it", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}]}))
        # `template` takes what a cluster knows from its arguments alone.
        yield ["--kubeconfig", str(config), "--dry-run=server", *(f"--api-versions={version}" for version in kinds)]
        server.shutdown()
