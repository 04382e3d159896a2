//! What a service should not use it cannot, through its own sidecar; and beside each refusal something that the same sidecar does do.

use punctual_events::{Marker, Topic};
use reqwest::Method;
use uuid::Uuid;

use crate::{
    cluster::{Cluster, ROLES},
    sidecar::Sidecar,
};

/// Every topic of the component `events`.
const TOPICS: [&str; 7] = [
    "task-events",
    "reminders",
    "task-updates",
    "recurring-dead-letters",
    "notification-dead-letters",
    "audit-dead-letters",
    "sync-dead-letters",
];

/// The sidecar of a role.
fn sidecar_of(cluster: &Cluster, role: &str) -> Sidecar {
    let token = "go-template={{.data.token | base64decode}}";
    let token = cluster.kubectl(&["get", "secret/punctual-dapr-api-token", "--output", token]);
    Sidecar::of(cluster, &cluster.pods_of(role)[0], &token)
}

#[tokio::test]
async fn the_signing_key_is_for_api_and_sync_and_nobody_gets_another_secret() {
    let cluster = Cluster::of_the_suite();
    for role in ROLES {
        let sidecar = sidecar_of(&cluster, role);
        let key = sidecar.get("/secrets/secrets/signingkey").await;
        if ["api", "sync"].contains(&role) {
            assert_eq!(key.status, 200, "{role}");
            let other = sidecar.get("/secrets/secrets/postgresconnection").await;
            assert_eq!((other.status, other.code()), (403, "ERR_PERMISSION_DENIED"), "{role}");
        } else {
            key.refused("ERR_SECRET_STORES_NOT_CONFIGURED");
        }
        let secret = format!(
            "/secrets/kubernetes/punctual-signing-key?metadata.namespace={}",
            cluster.namespace
        );
        let of_kubernetes = sidecar.get(&secret).await;
        assert!(of_kubernetes.status >= 400, "{role} reads Secrets of Kubernetes");
    }
}

#[tokio::test]
async fn nobody_publishes_to_a_topic_that_is_not_theirs() {
    let cluster = Cluster::of_the_suite();
    for (role, theirs) in [
        ("api", &["task-events", "reminders", "task-updates"][..]),
        ("recurring", &["task-events", "recurring-dead-letters"]),
        ("notification", &["reminders", "notification-dead-letters"]),
        ("audit", &["task-events", "audit-dead-letters"]),
        ("sync", &[]),
    ] {
        let sidecar = sidecar_of(&cluster, role);
        for topic in TOPICS.iter().filter(|topic| !theirs.contains(topic)) {
            let answer = publish(&sidecar, "events", topic).await;
            assert_eq!(
                (answer.status, answer.code()),
                (403, "ERR_PUBSUB_FORBIDDEN"),
                "{role} to {topic}"
            );
        }
        if let Some(topic) = theirs.first() {
            assert_eq!(
                publish(&sidecar, "events", topic).await.status,
                204,
                "{role} to {topic}"
            );
        }
        let to_replicas = publish(&sidecar, "events-per-replica", "task-updates").await;
        if role == "sync" {
            assert_eq!(to_replicas.status, 204);
        } else {
            to_replicas.refused("ERR_PUBSUB_NOT_FOUND");
        }
    }
}

/// None of those that are theirs is tried: the sidecar hears them already, and takes a second wish in place of the first.
#[tokio::test]
async fn nobody_hears_a_topic_that_is_not_theirs() {
    let cluster = Cluster::of_the_suite();
    for (role, theirs) in [
        ("api", &[][..]),
        ("recurring", &["task-events", "recurring-dead-letters"]),
        ("notification", &["reminders", "notification-dead-letters"]),
        ("audit", &["task-events", "audit-dead-letters"]),
        ("sync", &["sync-dead-letters"]),
    ] {
        let sidecar = sidecar_of(&cluster, role);
        for topic in TOPICS.iter().filter(|topic| !theirs.contains(topic)) {
            let refusal = sidecar.hear("events", topic).await.expect_err(topic);
            let reason = format!("subscription to topic '{topic}' on pubsub 'events' is not allowed");
            assert!(refusal.message().contains(&reason), "{role} to {topic}: {refusal}");
        }
        if role != "sync" {
            let refusal = sidecar
                .hear("events-per-replica", "task-updates")
                .await
                .expect_err(role);
            assert!(
                refusal.message().contains("events-per-replica") && refusal.message().contains("not found"),
                "{role}: {refusal}"
            );
        }
    }
}

/// Sends a marker of a replica that is not there: whoever hears it passes over it.
async fn publish(sidecar: &Sidecar, component: &str, topic: &str) -> crate::sidecar::Answer {
    let marker = Marker {
        topic: Topic::TaskEvents,
        partition: 0,
        replica: Uuid::nil(),
        round: 0,
    };
    let path = format!("/publish/{component}/{topic}");
    sidecar.ask(Method::POST, &path, &marker.to_json().to_string()).await
}

/// A pod with a sidecar that is none of the five, in their namespace.
const STRANGER: &str = r#"
apiVersion: v1
kind: Pod
metadata:
  name: stranger
  annotations:
    dapr.io/enabled: "true"
    dapr.io/app-id: stranger
    # It has no token for Kubernetes either.
    dapr.io/disable-builtin-k8s-secret-store: "true"
    dapr.io/sidecar-seccomp-profile-type: RuntimeDefault
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: stranger
      image: IMAGE
      imagePullPolicy: POLICY
      command: [/bin/sh, -c, "sleep 3600"]
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"#;

#[tokio::test]
async fn a_stranger_with_a_sidecar_has_no_store_no_topic_no_secret_and_invokes_nobody() {
    let cluster = Cluster::of_the_suite();
    let (image, policy) = cluster.tools();
    cluster.apply(&STRANGER.replace("IMAGE", &image).replace("POLICY", &policy));
    cluster.kubectl(&["wait", "--for=condition=Ready", "pod/stranger", "--timeout=120s"]);
    let sidecar = Sidecar::of(&cluster, "pod/stranger", "");
    // It is a whole sidecar: it can be asked what it has.
    let metadata = sidecar.get("/metadata").await;
    assert_eq!(metadata.body["id"], "stranger");
    assert_eq!(
        metadata.body["components"].as_array().map_or(0, Vec::len),
        0,
        "{}",
        metadata.body
    );
    sidecar
        .get("/state/statestore/a")
        .await
        .refused("ERR_STATE_STORE_NOT_CONFIGURED");
    sidecar
        .get("/secrets/secrets/signingkey")
        .await
        .refused("ERR_SECRET_STORES_NOT_CONFIGURED");
    publish(&sidecar, "events", "task-events")
        .await
        .refused("ERR_PUBSUB_NOT_FOUND");
    let refusal = sidecar.hear("events", "task-events").await.unwrap_err();
    assert!(refusal.message().contains("not found"), "{refusal}");
    for role in ROLES {
        let answer = sidecar.get(&format!("/invoke/{role}/method/healthz")).await;
        assert_eq!(answer.status, 403, "{role}: {}", answer.body);
    }
    cluster.kubectl(&["delete", "pod/stranger"]);
}
