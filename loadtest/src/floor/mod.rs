//! The floor: the least a durable HTTP service in Rust can do, to measure against. Bare axum, a group-commit SQLite writer and a map; no accounts,
//! no checks, no events, no log. What Punctual needs beyond its figures is the price of everything Punctual does.

mod writer;

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path as UrlPath, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use dashmap::DashMap;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use uuid::Uuid;

use writer::Writer;

/// All the floor knows.
struct Floor {
    tasks: DashMap<Uuid, Bytes>,
    writer: Writer,
}

/// Serves until the process is killed; prints its URL once it listens.
#[expect(
    clippy::print_stdout,
    reason = "the first line says the URL, as that of `punctual serve` does"
)]
pub(crate) async fn serve(listen: SocketAddr, data: &Path) -> io::Result<()> {
    std::fs::create_dir_all(data)?;
    let floor = Arc::new(Floor {
        tasks: DashMap::new(),
        writer: Writer::open(&data.join("floor.db")).map_err(io::Error::other)?,
    });
    let router = Router::new()
        .route("/readyz", get(StatusCode::OK))
        .route("/v1/tasks", post(create))
        .route("/v1/tasks/{id}", get(read))
        .with_state(floor);
    let listener = TcpListener::bind(listen).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await
}

/// What a client may say of a new task.
#[derive(Deserialize)]
struct NewTask {
    title: String,
    description: Option<String>,
    priority: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    start: Option<Moment>,
    due: Option<Moment>,
}

/// A day, or a wall time in a zone.
#[derive(Serialize, Deserialize)]
struct Moment {
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
}

/// What is answered and stored.
#[derive(Serialize)]
struct Task {
    id: Uuid,
    title: String,
    description: Option<String>,
    priority: Option<String>,
    tags: Vec<String>,
    start: Option<Moment>,
    due: Option<Moment>,
    status: &'static str,
    version: u64,
}

impl Task {
    fn new(id: Uuid, new: NewTask) -> Self {
        Self {
            id,
            title: new.title,
            description: new.description,
            priority: new.priority,
            tags: new.tags,
            start: new.start,
            due: new.due,
            status: "open",
            version: 1,
        }
    }
}

async fn create(State(floor): State<Arc<Floor>>, Json(new): Json<NewTask>) -> Response {
    let id = Uuid::now_v7();
    let Ok(body) = serde_json::to_vec(&Task::new(id, new)).map(Bytes::from) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if floor.writer.insert(id, body.clone()).await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    floor.tasks.insert(id, body.clone());
    (StatusCode::CREATED, JSON, body).into_response()
}

async fn read(State(floor): State<Arc<Floor>>, UrlPath(id): UrlPath<Uuid>) -> Response {
    match floor.tasks.get(&id).map(|body| body.clone()) {
        Some(body) => (JSON, body).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
