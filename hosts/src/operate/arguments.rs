//! The arguments of these commands.

use std::{fmt, num::NonZeroUsize, str::FromStr};

use clap::{Args, Subcommand};
use punctual_events::ActorId;

use crate::dapr::letters::{LetterId, ROLES, role};

/// The sidecar that is asked.
#[derive(Args, Clone, Debug)]
pub struct SidecarArguments {
    /// Port at which the sidecar listens for gRPC, on this machine
    #[arg(
        long,
        value_name = "PORT",
        env = "DAPR_GRPC_PORT",
        hide_env_values = true,
        default_value_t = 50_001,
        global = true
    )]
    pub dapr_grpc_port: u16,

    /// Token the sidecar asks for; better given as DAPR_API_TOKEN, which other users of the machine cannot see
    #[arg(
        long,
        value_name = "TOKEN",
        env = "DAPR_API_TOKEN",
        hide_env_values = true,
        global = true
    )]
    pub dapr_api_token: Option<String>,
}

/// Arguments of `punctual dead-letters`.
#[derive(Args, Clone, Debug)]
pub struct DeadLettersArguments {
    /// What to do with them.
    #[command(subcommand)]
    pub command: DeadLettersCommand,

    /// Who is asked.
    #[command(flatten)]
    pub sidecar: SidecarArguments,
}

/// What is done with dead letters.
#[derive(Clone, Debug, Subcommand)]
pub enum DeadLettersCommand {
    /// Show them: what, whose, since when, and why it was refused
    List {
        /// Only this role's: recurring, notification, audit or sync
        #[arg(long, value_name = "ROLE", value_parser = ROLES, hide_possible_values = true)]
        role: Option<String>,

        /// A JSON object per letter
        #[arg(long)]
        json: bool,
    },
    /// Have the role that refused them handle them again, as the log has them now
    #[command(
        after_help = "Exit status: 0 when all were taken, 2 when some were not, 1 when a service could not be asked."
    )]
    Replay {
        /// Which, as the list names them
        #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
        letters: Vec<LetterName>,

        /// All of them, the oldest first
        #[arg(long)]
        all: bool,

        /// With --all: only this role's
        #[arg(long, value_name = "ROLE", value_parser = ROLES, hide_possible_values = true, requires = "all")]
        role: Option<String>,
    },
    /// Throw them away unhandled
    Discard {
        /// Which, as the list names them
        #[arg(value_name = "ID", required = true)]
        letters: Vec<LetterName>,
    },
}

/// A letter among those of all roles: `<role>-<id>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterName {
    /// Whose.
    pub role: &'static str,
    /// Which.
    pub id: LetterId,
}

impl fmt::Display for LetterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.role, self.id)
    }
}

impl FromStr for LetterName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('-');
        let name = parts.and_then(|(name, id)| {
            Some(Self {
                role: role(name)?,
                id: id.parse().ok()?,
            })
        });
        name.ok_or_else(|| "a dead letter is named like audit-0123456789abcdef".to_owned())
    }
}

/// Arguments of `punctual rearm`.
#[derive(Args, Clone, Debug)]
pub struct RearmArguments {
    /// Name of the sidecar's component that keeps the data
    #[arg(
        long,
        value_name = "COMPONENT",
        env = "PUNCTUAL_STATE_STORE",
        hide_env_values = true,
        default_value = "statestore"
    )]
    pub state_store: String,

    /// How many users and series are asked at the same time
    #[arg(long, value_name = "NUMBER", default_value = "32")]
    pub at_once: NonZeroUsize,

    /// Go on after this one, as an earlier run that ended says
    #[arg(long, value_name = "ACTOR")]
    pub after: Option<ActorId>,

    /// Who is asked.
    #[command(flatten)]
    pub sidecar: SidecarArguments,
}
