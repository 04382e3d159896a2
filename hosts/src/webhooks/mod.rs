//! Webhooks: telling a URL of the user's choice that a reminder fired, signed as Standard Webhooks ask, without being turned against
//! our own network.

pub mod address;
pub mod backoff;
pub mod direct;
pub mod registry;
mod resolver;
pub mod sender;
pub mod signature;
pub mod target;

pub use address::{AddressPolicy, RefusedAddress};
pub use backoff::{NextTry, next_try};
pub use direct::DirectSender;
pub use registry::{Disabled, MAX_REMOVED, MAX_WEBHOOKS, NotAdded, Registry, Removed, Webhook};
pub use resolver::{Unreachable, check_reachable};
pub use sender::{Delivery, Failure, Outcome, Request, WebhookSender};
pub use signature::{SecretError, WebhookSecret};
pub use target::{Target, TargetError};
