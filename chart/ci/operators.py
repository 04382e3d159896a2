"""Facts about what the operators Strimzi and CloudNativePG are given."""
from documents import of_kind


def no_sidecar_starts_before_the_operator_has_made_its_user(_, documents):
    users = {one["metadata"]["name"] for one in of_kind(documents, "KafkaUser")}
    for one in of_kind(documents, "Deployment"):
        containers = one["spec"]["template"]["spec"].get("initContainers", [])
        awaited = {entry["valueFrom"]["secretKeyRef"]["name"] for container in containers for entry in container.get("env", [])}
        if users - awaited:
            yield f"{one['metadata']['name']} does not wait for {users}"


RESTRICTED = {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}


def what_strimzi_runs_may_run_under_the_pod_security_standard_restricted(_, documents):
    """Its operator makes containers without a security context unless it was installed with a provider of them."""
    for one in of_kind(documents, "Kafka"):
        brokers, spec = one["spec"]["kafka"], one["spec"]
        containers = {
            "broker": brokers["template"].get("kafkaContainer"), "topic operator": spec["entityOperator"].get("template", {}).get("topicOperatorContainer"),
            "user operator": spec["entityOperator"].get("template", {}).get("userOperatorContainer"),
            "exporter": spec["kafkaExporter"].get("template", {}).get("container")}
        if "rack" in brokers:
            containers["broker's first container"] = brokers["template"].get("initContainer")
        yield from [f"the {name} is forbidden" for name, said in containers.items() if (said or {}).get("securityContext") != RESTRICTED]


def a_new_version_of_the_chart_restarts_no_server_of_an_operator(_, documents):
    """Labels of their resources are labels of their pods."""
    for kind in ("Kafka", "KafkaNodePool", "Cluster"):
        for one in of_kind(documents, kind):
            yield from [f"{kind} has {label}" for label in one["metadata"]["labels"] if label in ("helm.sh/chart", "app.kubernetes.io/version")]


def a_log_that_is_kept_goes_on_from_a_base_backup(name, documents):
    """Whoever archives a server's log has a base backup made at once and again and again, by the same plugin into the same place."""
    for one in of_kind(documents, "Cluster"):
        archivers = [plugin for plugin in one["spec"].get("plugins", []) if plugin.get("isWALArchiver")]
        if name == "ci+everything" and not archivers:
            yield "nobody archives the log"
        if "backup" in one["spec"]:
            yield "backups are made by what the operator will not have any more"
        for plugin in archivers:
            stores = {store["metadata"]["name"] for store in of_kind(documents, "ObjectStore")}
            yield from [] if plugin["parameters"]["barmanObjectName"] in stores else [f"nobody makes the place of {plugin}"]
            wanted = {"cluster": {"name": one["metadata"]["name"]}, "immediate": True, "method": "plugin", "pluginConfiguration": {"name": plugin["name"]}}
            made = [backup["spec"] for backup in of_kind(documents, "ScheduledBackup")]
            yield from [] if any(wanted.items() <= spec.items() for spec in made) else [f"nobody makes base backups of {one['metadata']['name']}"]


FACTS = [no_sidecar_starts_before_the_operator_has_made_its_user,
         what_strimzi_runs_may_run_under_the_pod_security_standard_restricted,
         a_new_version_of_the_chart_restarts_no_server_of_an_operator,
         a_log_that_is_kept_goes_on_from_a_base_backup]
