//! A release of the chart in a real cluster, reached through its Services: users work while it is upgraded, while each role is started anew and while
//! each pod is deleted; and a service that should not use a topic, a store or a secret cannot.
//!
//! `cargo xtask test --kube` installs the release and says where it is: `PUNCTUAL_KUBE_NAMESPACE`, in the cluster of kubectl's current context.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]
#![expect(
    clippy::print_stdout,
    reason = "the suite shows how many calls had to be made again, which is worth reading when nothing failed"
)]

#[path = "../acceptance/client.rs"]
#[expect(dead_code, reason = "the acceptance tests use all of it")]
mod client;
mod cluster;
#[path = "../five_processes/device.rs"]
mod device;
mod kills;
#[path = "../five_processes/load.rs"]
#[expect(dead_code, reason = "five processes on one machine are called at another pace")]
mod load;
mod restore;
mod scaling;
mod scopes;
mod sidecar;
#[path = "../acceptance/socket.rs"]
#[expect(dead_code, reason = "the acceptance tests use all of it")]
mod socket;
mod sockets_metric;
mod upgrades;
mod work;
