//! What outlives the five processes: keys in the state component, and jobs of the Scheduler.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use dapr::dapr::proto::runtime::v1::ListJobsRequest;
use daprenv::{Environment, Role};
use punctual::{
    dapr::{
        runtime::{Backing, services},
        sidecar::{Sidecar, SidecarAddress},
        state::State,
    },
    environment::environment,
    ports::{Logs, Services},
};
use punctual_events::{ActorId, Commit, Seq};

use crate::database;

/// A connection to the sidecar of a role.
fn sidecar(of: &Environment, role: Role) -> Sidecar {
    let sidecar = of.process(&format!("{role}-sidecar")).unwrap();
    Sidecar::new(&SidecarAddress {
        grpc_port: sidecar.port("grpc"),
        api_token: sidecar.variables.get("DAPR_API_TOKEN").cloned(),
    })
    .unwrap()
}

/// What the process of the API sees of everything.
pub(crate) fn seen_by_the_api(of: &Environment) -> Services {
    let (sidecar, environment) = (sidecar(of, Role::Api), environment().unwrap());
    let state = State::new(sidecar.clone(), "statestore");
    services(&sidecar, &state, &Backing::of(&state, &environment), &environment).0
}

/// How many commits of a log are read at once.
const MANY: usize = 500;

/// The whole log of an actor.
pub(crate) async fn log_of(logs: &dyn Logs, actor: ActorId) -> Vec<Arc<Commit>> {
    let (mut log, mut after) = (Vec::new(), Seq::ZERO);
    loop {
        let more = logs.read(actor, after, MANY).await.unwrap();
        let Some(last) = more.last() else { return log };
        after = last.header.seq;
        log.extend(more);
    }
}

/// Keys and jobs that have `text` in them, in whatever case.
pub(crate) async fn holding(environment: &Environment, text: &str) -> Vec<String> {
    let mut holding = jobs_holding(environment, text).await;
    holding.extend(database::keys_holding(environment, text));
    holding
}

/// Jobs of notification, which has all there are, that have `text` in what is to be done.
pub(crate) async fn jobs_holding(environment: &Environment, text: &str) -> Vec<String> {
    let notification = sidecar(environment, Role::Notification);
    let listed = notification.client().list_jobs(ListJobsRequest {}).await.unwrap();
    let holds = |data: &[u8]| {
        // A string of base64, as our own client of the Scheduler has it.
        let payload: String = serde_json::from_slice(data).unwrap();
        let payload = STANDARD.decode(payload).unwrap();
        String::from_utf8_lossy(&payload)
            .to_lowercase()
            .contains(&text.to_lowercase())
    };
    let jobs = listed.into_inner().jobs.into_iter();
    let holding = jobs.filter(|job| job.data.as_ref().is_some_and(|data| holds(&data.value)));
    holding.map(|job| format!("job {}", job.name)).collect()
}
