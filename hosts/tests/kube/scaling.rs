//! Roles that grow and shrink while users work: nobody notices.

use crate::{
    cluster::{Cluster, ROLES},
    work::work_through,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_each_role_grows_to_three_and_shrinks_to_one() {
    for role in ROLES {
        let resize = move |cluster: &Cluster| {
            cluster.scale(role, 3);
            cluster.scale(role, 1);
        };
        let failures = work_through(&format!("{role} 1 → 3 → 1"), resize).await;
        assert_eq!(failures, Vec::<String>::new(), "{role}");
    }
}
