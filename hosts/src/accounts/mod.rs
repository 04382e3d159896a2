//! Accounts: the record of a person who can sign in, and what guards it.
//!
//! Everything here decides and computes; nothing reads a clock or draws randomness. The instant comes in as a
//! [`Timestamp`](punctual_events::Timestamp), random bytes come in as bytes.

pub mod belonging;
pub mod email;
pub mod hasher;
mod hex;
pub mod password;
pub mod record;
pub mod records;
pub mod signing_key;
pub mod token;

pub use belonging::Belonging;
pub use email::{AccountKey, AccountKeys, Email, EmailError};
pub use hasher::{Hasher, HasherError, PasswordHash, Verdict};
pub use password::{Password, PasswordError};
pub use record::{AccountRecord, RecordError};
pub use records::{Accounts, Found};
pub use signing_key::{Purpose, SigningKey, SigningKeyError};
pub use token::{Claims, Token, TokenError, Tokens};
