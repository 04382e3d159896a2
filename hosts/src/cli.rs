//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{
    config::Settings,
    operate::{DeadLettersArguments, RearmArguments},
    simulate::SimulateArguments,
};

/// A task manager backend that is never late.
#[derive(Debug, Parser)]
#[command(name = "punctual", version, about, propagate_version = true)]
#[command(after_help = "Without a command, punctual serves on 127.0.0.1:8080.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    #[command(
        after_help = "Every setting can also be given as a variable (--rate-limit as PUNCTUAL_RATE_LIMIT) or in the file named by \
        --config\n(as rate-limit = 50). Flags come first, then variables, then the file.\n\
        A variable PUNCTUAL_... that nothing knows is named at start, with what may have been meant.\n\nWith --runtime dapr the \
        variables a sidecar is met by count as well: DAPR_GRPC_PORT, DAPR_API_TOKEN and APP_API_TOKEN."
    )]
    Serve(Box<Settings>),
    /// Import to-dos from an iCalendar file
    #[command(
        after_help = "A to-do that was imported before is left as it is, so importing a file again is harmless.\n\n\
        Exit status: 0 when every to-do was taken, 2 when some were refused or not read, 1 when the import failed. (2 also ends a \
        command line that makes no sense.)"
    )]
    Import(ImportArguments),
    /// Show which reminders would fire and which instances of series would open (embedded)
    #[command(
        after_help = "A copy of the data is run forward in virtual time; a server may have the data meanwhile. Nothing is sent, and nothing is \
        written back. The copy needs room in the folder for temporary files (TMPDIR) for as long as it runs.\n\n\
        Nobody completes anything unless --complete says so, and the next instance of most series opens when the one before it is \
        completed.\n\n\
        Exit status: 0 when everything was shown, 2 when some users or series cannot be read, which are named, 1 when the simulation \
        failed. (2 also ends a command line that makes no sense.)"
    )]
    Simulate(SimulateArguments),
    /// Look at events that a role refused, and replay them (dapr)
    #[command(
        after_help = "Run it beside a sidecar of any of the five services: what it needs is in the variables of every container there.\n\n\
        An event that a role refused as often as it is asked, and a message it cannot read, are dead letters. This is for the dapr \
        runtime: the embedded one puts nothing aside, it offers an event again every half minute until it is taken."
    )]
    DeadLetters(DeadLettersArguments),
    /// Have every user and series arm its wake-ups anew, after the Scheduler was lost or restored (dapr)
    #[command(
        after_help = "Run it beside a sidecar of any of the five services: what it needs is in the variables of every container there.\n\n\
        What became due meanwhile happens at once, marked late. Doing it again, or when nothing was lost, is harmless. This is for \
        the dapr runtime: the embedded one keeps its wake-ups in the database of everything else, and reads them there when it starts.\n\n\
        Exit status: 0 when every user and series has armed what it waits for, 2 when some have not, which are named, 1 when it ended \
        before it had come to all."
    )]
    Rearm(RearmArguments),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(Box::default())
    }
}

/// Arguments of `punctual import`.
#[derive(Args, Clone, Debug)]
pub struct ImportArguments {
    /// The .ics file; - reads standard input
    pub file: PathBuf,

    /// The server
    #[arg(
        long,
        value_name = "URL",
        env = "PUNCTUAL_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:8080"
    )]
    pub url: reqwest::Url,

    /// Token of the account that gets the to-dos; better given as PUNCTUAL_TOKEN, which other users of the machine cannot see
    #[arg(long, value_name = "TOKEN", env = "PUNCTUAL_TOKEN", hide_env_values = true, value_parser = token)]
    pub token: String,
}

/// What scripts leave empty is missing, and no server has to be asked to find out.
fn token(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err(
            "an empty token is none: PUNCTUAL_TOKEN, or --token, has to hold the one that `POST /v1/sessions` answered",
        );
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn help_of(subcommand: &str) -> String {
        let mut cli = Cli::command();
        cli.build();
        cli.find_subcommand_mut(subcommand).unwrap().render_help().to_string()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_arguments_the_server_runs() {
        let cli = Cli::try_parse_from(["punctual"]).unwrap();
        let Command::Serve(settings) = cli.command.unwrap_or_default() else {
            panic!("not serve");
        };
        assert_eq!(*settings, Settings::default());
    }

    #[test]
    fn help_reads_well() {
        insta::assert_snapshot!("punctual", Cli::command().render_help().to_string());
        insta::assert_snapshot!("serve", help_of("serve"));
        insta::assert_snapshot!("import", help_of("import"));
        insta::assert_snapshot!("simulate", help_of("simulate"));
        insta::assert_snapshot!("dead-letters", help_of("dead-letters"));
        insta::assert_snapshot!("rearm", help_of("rearm"));
    }

    #[test]
    fn a_wrong_flag_is_answered_with_the_right_one() {
        let error = Cli::try_parse_from(["punctual", "serve", "--listne", "127.0.0.1:1"]).unwrap_err();
        assert!(error.to_string().contains("'--listen'"), "{error}");
    }

    #[test]
    fn a_number_that_is_none_is_answered_with_those_that_are() {
        for (flag, value, least) in [
            ("--rate-limit", "-1", 0),
            ("--anonymous-rate-limit", "many", 0),
            ("--drain-seconds", "4294967296", 0),
            ("--idle-seconds", "0", 1),
            ("--partitions", "-3", 1),
        ] {
            let error = Cli::try_parse_from(["punctual", "serve", flag, value]).unwrap_err();
            let expected = format!("'{value}' for '{flag} <");
            let range = format!("expected a whole number from {least} to 4294967295");
            let error = error.to_string();
            assert!(error.contains(&expected) && error.contains(&range), "{error}");
        }
    }

    #[test]
    fn an_empty_token_is_a_missing_one() {
        let error = Cli::try_parse_from(["punctual", "import", "todos.ics", "--token", ""]).unwrap_err();
        assert!(
            error.to_string().contains("an empty token is none: PUNCTUAL_TOKEN"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_runtime_is_answered_with_those_there_are() {
        let error = Cli::try_parse_from(["punctual", "serve", "--runtime", "elsewhere"]).unwrap_err();
        assert!(
            error.to_string().contains("[possible values: embedded, dapr]"),
            "{error}"
        );
    }
}
