//! Users and their tasks, made once through the API and copied for every row: a thousand registrations cost a thousand password hashes.

use std::{fs, io, net::SocketAddr, path::Path};

use chrono::{NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    corpus,
    options::Options,
    parallel::in_parallel,
    process::{Program, Server},
    progress::progress,
    random::Random,
};

/// Registrations at a time: the server hashes one password per core, more would only wait there.
const REGISTRATIONS_AT_A_TIME: usize = 4;
/// Tasks one connection creates before it is closed.
const TASKS_PER_JOB: usize = 100;
/// Every so many-th task of an owner is completed.
const COMPLETED_EVERY: usize = 7;

/// A user with tasks.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct User {
    /// Signs the requests.
    pub(crate) token: String,
    /// The ids of the open tasks.
    pub(crate) tasks: Vec<String>,
}

/// All users.
#[derive(Serialize, Deserialize)]
pub(crate) struct Seed {
    /// Those with many tasks.
    pub(crate) owners: Vec<User>,
    /// The others.
    pub(crate) users: Vec<User>,
    sizes: [usize; 4],
}

impl Seed {
    /// Makes the users with a server of its own, or reads those an earlier run made.
    pub(crate) async fn obtain(program: &Program, folder: &Path, options: &Options) -> io::Result<Self> {
        let sizes = [options.owners, options.owned, options.users, options.tasks_per_user];
        let list = folder.join("seed.json");
        if options.reuse_seed && list.exists() {
            let seed: Self = serde_json::from_slice(&fs::read(&list)?)?;
            if seed.sizes == sizes {
                return Ok(seed);
            }
        }
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let server = Server::start(program, &folder.join("data"))?;
        let mut users = make(server.address, options).await?;
        server.stop()?;
        let seed = Self {
            owners: users.drain(..options.owners).collect(),
            users,
            sizes,
        };
        fs::write(&list, serde_json::to_vec(&seed)?)?;
        Ok(seed)
    }
}

/// Makes the users and their tasks; owners come first.
pub(crate) async fn make(address: SocketAddr, options: &Options) -> io::Result<Vec<User>> {
    let all = options.owners + options.users;
    progress(format_args!("registering {all} users"));
    let registrations = (0..all).map(|number| register(address, number));
    let mut users = in_parallel(REGISTRATIONS_AT_A_TIME, registrations).await?;
    users.sort_by_key(|(number, _)| *number);
    let mut users: Vec<User> = users.into_iter().map(|(_, user)| user).collect();

    progress(format_args!(
        "creating {} tasks",
        options.owners * options.owned + options.users * options.tasks_per_user
    ));
    let jobs = jobs(address, &users, options);
    for (number, tasks) in in_parallel(options.callers, jobs.into_iter().map(Job::run)).await? {
        users[number].tasks.extend(tasks);
    }
    Ok(users)
}

async fn register(address: SocketAddr, number: usize) -> io::Result<(usize, User)> {
    let mut api = Api::open(address, "").await?;
    let token = api.register(&format!("user-{number}@example.com")).await?;
    let tasks = Vec::new();
    Ok((number, User { token, tasks }))
}

/// Some tasks of one user.
struct Job {
    address: SocketAddr,
    user: usize,
    token: String,
    tasks: usize,
    completing: bool,
    seed: u64,
    today: NaiveDate,
}

fn jobs(address: SocketAddr, users: &[User], options: &Options) -> Vec<Job> {
    let today = Utc::now().date_naive();
    let mut jobs = Vec::new();
    for (number, user) in users.iter().enumerate() {
        let is_owner = number < options.owners;
        let mut left = if is_owner {
            options.owned
        } else {
            options.tasks_per_user
        };
        while left > 0 {
            let tasks = left.min(TASKS_PER_JOB);
            left -= tasks;
            jobs.push(Job {
                address,
                user: number,
                token: user.token.clone(),
                tasks,
                completing: is_owner,
                seed: jobs.len() as u64,
                today,
            });
        }
    }
    jobs
}

impl Job {
    /// The user's number and the ids of those that stay open.
    async fn run(self) -> io::Result<(usize, Vec<String>)> {
        let mut api = Api::open(self.address, &self.token).await?;
        let mut random = Random::new(self.seed);
        let mut open = Vec::new();
        for number in 0..self.tasks {
            let id = api.create(&corpus::task(&mut random, self.today)).await?;
            if self.completing && number % COMPLETED_EVERY == 0 {
                api.post(&format!("/v1/tasks/{id}/complete")).await?;
            } else {
                open.push(id);
            }
        }
        Ok((self.user, open))
    }
}
