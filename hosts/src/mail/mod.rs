//! Mail: what is sent, to whom, and by what. A runtime may have nothing to send it by.

pub mod address;
pub mod message;
pub mod wishes;

use punctual_actors::ports::BoxFuture;

pub use self::{
    address::{AddressError, MailAddress},
    message::Mail,
    wishes::{Wish, Wishes},
};

/// Sends mail. At least once: a mail whose fate is not known is sent again by the caller.
pub trait Mailer: Send + Sync + 'static {
    /// Tries once. What is not known to have been taken counts as failed.
    fn send(&self, mail: Mail) -> BoxFuture<'_, Sent>;
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The mail server took it.
    Taken,
    /// Nothing was tried: others are being sent.
    Busy,
    /// It was not taken, as far as we know, for a reason that names nobody.
    Failed(Box<str>),
}
