//! The API on a port of its own, its services in memory.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use punctual::{
    accounts::{SigningKey, Tokens},
    actor_host::{ActorHost, HostConfig, Unobserved},
    environment::environment,
    ports::{Actors, Logs, Records, Services},
    roles::api::{Api, ApiConfig},
};
use punctual_actors::{
    ports::Ports,
    reference::{MemoryDirectory, MemoryStore, MemoryWakeUps},
};
use tokio::net::TcpListener;

use super::{
    client::Client,
    memory::{GappyAudit, MemoryRecords, Nothing},
    recurring::Delivery,
};

/// A running server; it ends with the test's runtime.
pub(crate) struct Server {
    address: SocketAddr,
    pub(crate) services: Services,
    pub(crate) records: Arc<MemoryRecords>,
    pub(crate) audit: Arc<GappyAudit>,
    pub(crate) delivery: Delivery,
}

/// Of the key that signs its tokens.
pub(crate) const KEY: [u8; 32] = [7; 32];

impl Server {
    /// Without limits on requests.
    pub(crate) async fn start() -> Self {
        Self::start_with(unlimited()).await
    }

    pub(crate) async fn start_with(config: ApiConfig) -> Self {
        let environment = environment().unwrap();
        let delivery = Delivery::default();
        let runtime = Ports {
            store: MemoryStore::default(),
            wake_ups: MemoryWakeUps::default(),
            publisher: delivery.clone(),
            directory: MemoryDirectory::default(),
            environment: environment.clone(),
            recheck_head_after_ms: None,
        };
        let host = ActorHost::new(Arc::new(runtime), HostConfig::default(), Arc::new(Unobserved));
        let actors: Arc<dyn Actors> = Arc::clone(&host) as _;
        delivery.connect(&actors, &environment);
        let records = Arc::new(MemoryRecords::default());
        let services = Services {
            actors,
            logs: host as Arc<dyn Logs>,
            records: Arc::clone(&records) as Arc<dyn Records>,
            jobs: Arc::new(Nothing),
            audit: Arc::new(Nothing),
            environment,
        };
        let audit = Arc::new(GappyAudit::default());
        let key = SigningKey::from_bytes(KEY);
        let api = Api::new(&config, services.clone(), Arc::clone(&audit) as _, &key);
        Self {
            address: listen(&api).await,
            services,
            records,
            audit,
            delivery,
        }
    }

    /// Somebody without an account.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.address)
    }

    /// Somebody without an account, at another address of this machine.
    pub(crate) fn anonymous_from(&self, address: [u8; 4]) -> Client {
        Client::from_address(self.address, address.into())
    }

    /// Somebody who has just registered.
    pub(crate) async fn register(&self, name: &str) -> Client {
        let answer = self.anonymous().post("/v1/users", &registration(name)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.anonymous().with_token(answer.body["token"].as_str().unwrap())
    }

    /// What signs this server's tokens.
    pub(crate) fn tokens(&self) -> Tokens {
        Tokens::new(&SigningKey::from_bytes(KEY))
    }
}

/// Serves an API; its address.
pub(crate) async fn listen(api: &Arc<Api>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = api.router().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// A configuration under which nobody is held back.
pub(crate) fn unlimited() -> ApiConfig {
    ApiConfig {
        requests_per_s: None,
        anonymous_per_minute: None,
        ..ApiConfig::default()
    }
}

pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) fn email(name: &str) -> String {
    format!("{name}@example.org")
}

pub(crate) fn registration(name: &str) -> serde_json::Value {
    serde_json::json!({"email": email(name), "password": PASSWORD, "time_zone": "Europe/Paris"})
}
