//! What the operator chooses.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use ipnet::IpNet;

use crate::{limits::Quota, webhooks::AddressPolicy};

/// In which as many passwords can be tried as at once.
const GUESS_PERIOD: Duration = Duration::from_secs(15 * 60);
/// How many addresses have to guess at one account before it is closed to all of them.
const DISTRIBUTED_FACTOR: u32 = 10;

/// The API's configuration; the default is that of a server started without arguments.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Who may register.
    pub registration: Registration,
    /// Requests a second of one user; `None` is no limit. Two seconds' worth may come at once.
    pub requests_per_s: Option<NonZeroU32>,
    /// Registrations and sign-ins a minute from one address; `None` is no limit. The limits of wrong passwords follow from it.
    pub anonymous_per_minute: Option<NonZeroU32>,
    /// Keys each limiter remembers at most.
    pub max_limited_keys: usize,
    /// Password hashes that run at a time: one per core.
    pub hashes_at_once: NonZeroUsize,
    /// Password hashes that wait at most; further ones are answered 503.
    pub hashes_waiting: usize,
    /// Whether there is something to send mail by.
    pub sends_mail: bool,
    /// Networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Box<[IpNet]>,
    /// Which addresses webhooks may reach.
    pub webhook_addresses: AddressPolicy,
    /// Sizes and times of requests.
    pub limits: Limits,
}

/// Who may register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Everybody.
    #[default]
    Open,
    /// Nobody; who has an account keeps it.
    Closed,
}

/// Bounds of a request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// The largest import, in bytes.
    pub import_bytes: u64,
    /// How long a request may take, from its head to its answer.
    pub request_timeout: Duration,
    /// How long verifying an audit record may take: less than the request, which is answered once it is cut.
    pub verify_timeout: Duration,
    /// How long an import may take.
    pub import_timeout: Duration,
    /// How many items of an import may wait for the series they are an occurrence of.
    pub import_waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            import_bytes: 64 * 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            verify_timeout: Duration::from_secs(25),
            import_timeout: Duration::from_secs(10 * 60),
            import_waiting: 10_000,
        }
    }
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            requests_per_s: NonZeroU32::new(500),
            anonymous_per_minute: NonZeroU32::new(30),
            max_limited_keys: 100_000,
            hashes_at_once: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            hashes_waiting: 64,
            sends_mail: false,
            trusted_proxies: Box::default(),
            webhook_addresses: AddressPolicy::default(),
            limits: Limits::default(),
        }
    }
}

impl ApiConfig {
    pub(super) fn user_quota(&self) -> Option<Quota> {
        let rate = self.requests_per_s?.get();
        Some(Quota::new(rate.saturating_mul(2), rate, Duration::from_secs(1)))
    }

    pub(super) fn origin_quota(&self) -> Option<Quota> {
        let rate = self.anonymous_per_minute?.get();
        Some(Quota::new(rate, rate, Duration::from_secs(60)))
    }

    /// Wrong passwords for one account from one address: a third at once, and a third in a quarter of an hour. A person who mistypes is not held up.
    pub(super) fn guess_quota(&self) -> Option<Quota> {
        let rate = self.anonymous_per_minute?.get().div_ceil(3);
        Some(Quota::new(rate, rate, GUESS_PERIOD))
    }

    /// Wrong passwords for one account from everywhere: who guesses gets nowhere, from however many addresses.
    pub(super) fn distributed_guess_quota(&self) -> Option<Quota> {
        let rate = self
            .anonymous_per_minute?
            .get()
            .div_ceil(3)
            .saturating_mul(DISTRIBUTED_FACTOR);
        Some(Quota::new(rate, rate, GUESS_PERIOD))
    }
}
