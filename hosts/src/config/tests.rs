use std::{collections::HashMap, ffi::OsString, io::Write as _, path::Path};

use clap::Parser as _;
use tempfile::NamedTempFile;

use super::*;
use crate::cli::{Cli, Command};

fn flags(arguments: &[&str]) -> Settings {
    let cli = Cli::try_parse_from(["punctual", "serve"].iter().chain(arguments)).unwrap();
    match cli.command {
        Some(Command::Serve(settings)) => *settings,
        other => panic!("{other:?}"),
    }
}

fn load(arguments: &[&str], variables: &[(&str, &str)]) -> Result<ServeConfig, String> {
    let variables: HashMap<String, OsString> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
        .collect();
    ServeConfig::load_with(flags(arguments), &|name| variables.get(name).cloned()).map_err(|error| error.to_string())
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn without_a_word_the_defaults_hold() {
    let config = load(&[], &[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data, Path::new("punctual-data"));
    assert_eq!(config.registration, Registration::Open);
    assert_eq!(config.log.to_string(), "info");
    assert_eq!(config.idle_seconds.get(), 300);
    assert_eq!(config.drain.as_secs(), 0);
    assert_eq!(load(&["--runtime", "dapr"], &[]).unwrap().drain.as_secs(), 5);
}

#[test]
fn flags_come_before_variables_and_variables_before_the_file() {
    let toml = file("rate-limit = 1\nanonymous-rate-limit = 1\nidle-seconds = 1\nwebhook-allow = [\"10.0.0.0/8\"]\n");
    let config = load(
        &["--rate-limit", "3", "--config", name(toml.path())],
        &[("PUNCTUAL_RATE_LIMIT", "2"), ("PUNCTUAL_ANONYMOUS_RATE_LIMIT", "2")],
    )
    .unwrap();
    assert_eq!(config.rate_limit, 3);
    assert_eq!(config.anonymous_rate_limit, 2);
    assert_eq!(config.idle_seconds.get(), 1);
    assert_eq!(config.webhook_allow, ["10.0.0.0/8".parse().unwrap()]);
}

#[test]
fn every_flag_is_also_a_variable_and_a_key() {
    let arguments = [
        ("runtime", "embedded", "\"embedded\""),
        ("roles", "all", "[\"all\"]"),
        ("listen", "127.0.0.1:1", "\"127.0.0.1:1\""),
        ("app-listen", "localhost:2", "\"localhost:2\""),
        ("state-store", "redis", "\"redis\""),
        ("pubsub", "kafka", "\"kafka\""),
        ("sync-pubsub", "nats", "\"nats\""),
        ("partitions", "3", "3"),
        ("secret-store", "vault", "\"vault\""),
        ("data", "elsewhere", "\"elsewhere\""),
        ("rate-limit", "7", "7"),
        ("anonymous-rate-limit", "8", "8"),
        ("registration", "closed", "\"closed\""),
        ("trusted-proxy", "10.0.0.0/8,fd00::/8", "[\"10.0.0.0/8\", \"fd00::/8\"]"),
        ("webhook-allow", "10.0.0.0/8,::1", "[\"10.0.0.0/8\", \"::1/128\"]"),
        ("log-format", "json", "\"json\""),
        ("log", "warn,punctual=debug", "\"warn,punctual=debug\""),
        ("idle-seconds", "9", "9"),
        ("drain-seconds", "10", "10"),
    ];
    let by_flags: Vec<String> = arguments
        .iter()
        .map(|(key, value, _)| format!("--{key}={value}"))
        .collect();
    let by_flags: Vec<&str> = by_flags.iter().map(String::as_str).collect();
    let names: Vec<String> = arguments
        .iter()
        .map(|(key, ..)| format!("PUNCTUAL_{}", key.replace('-', "_").to_uppercase()))
        .collect();
    let by_variables: Vec<(&str, &str)> = names
        .iter()
        .zip(&arguments)
        .map(|(name, (_, value, _))| (name.as_str(), *value))
        .collect();
    let toml: String = arguments
        .iter()
        .map(|(key, _, value)| format!("{key} = {value}\n"))
        .collect();
    let toml = file(&toml);

    let expected = load(&by_flags, &[]).unwrap();
    assert_ne!(expected, load(&[], &[]).unwrap());
    assert_eq!(load(&[], &by_variables).unwrap(), expected);
    assert_eq!(load(&[], &[("PUNCTUAL_CONFIG", name(toml.path()))]).unwrap(), expected);
}

#[test]
fn a_proxy_alone_is_trusted_by_its_address() {
    let config = load(&["--trusted-proxy", "127.0.0.1", "--trusted-proxy=::1"], &[]).unwrap();
    assert_eq!(
        config.trusted_proxies,
        ["127.0.0.1/32", "::1/128"].map(|network| network.parse().unwrap())
    );
    let toml = file("trusted-proxy = [\"127.0.0.1\"]");
    let config = load(&["--config", name(toml.path())], &[]).unwrap();
    assert_eq!(config.trusted_proxies, ["127.0.0.1/32".parse().unwrap()]);
    assert_eq!(
        load(&[], &[("PUNCTUAL_TRUSTED_PROXY", "localhost")]).unwrap_err(),
        "PUNCTUAL_TRUSTED_PROXY: invalid value 'localhost': expected an address, or a network as 10.0.0.0/8 or fd00::/8"
    );
}

#[test]
fn an_empty_variable_says_nothing() {
    assert_eq!(load(&[], &[("PUNCTUAL_LISTEN", "")]), load(&[], &[]));
}

#[test]
fn variables_that_kubernetes_sets_are_left_alone() {
    let variables = [
        ("PUNCTUAL_PORT", "tcp://10.0.0.1:80"),
        ("PUNCTUAL_SERVICE_HOST", "10.0.0.1"),
    ];
    assert_eq!(load(&[], &variables), load(&[], &[]));
}

#[test]
fn rust_log_counts_where_nothing_of_our_own_is_said() {
    let config = load(&[], &[("RUST_LOG", "debug")]).unwrap();
    assert_eq!(config.log.to_string(), "debug");
    let config = load(&[], &[("RUST_LOG", "debug"), ("PUNCTUAL_LOG", "error")]).unwrap();
    assert_eq!(config.log.to_string(), "error");
}

#[test]
fn a_wrong_variable_is_named() {
    assert_eq!(
        load(&[], &[("PUNCTUAL_LISTEN", "here")]).unwrap_err(),
        "PUNCTUAL_LISTEN: invalid value 'here': expected an address or a name, and a port: 127.0.0.1:8080, [::1]:8080 or localhost:8080"
    );
    insta::assert_snapshot!(load(&[], &[("PUNCTUAL_REGISTRATION", "maybe")]).unwrap_err());
    insta::assert_snapshot!(load(&[], &[("PUNCTUAL_IDLE_SECONDS", "0")]).unwrap_err());
    assert_eq!(
        load(&[], &[("PUNCTUAL_RATE_LIMIT", "abc")]).unwrap_err(),
        "PUNCTUAL_RATE_LIMIT: invalid value 'abc': expected a whole number from 0 to 4294967295"
    );
    insta::assert_snapshot!(load(&[], &[("RUST_LOG", "punctual=loud")]).unwrap_err());
}

#[test]
fn a_wrong_key_is_named_with_its_file_and_line() {
    let toml = file("rate-limit = 1\nrate-limits = 2\n");
    let error = load(&["--config", name(toml.path())], &[]).unwrap_err();
    assert!(error.starts_with(name(toml.path())), "{error}");
    assert!(error.contains("line 2"), "{error}");
    assert!(error.contains("unknown field `rate-limits`"), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = load(&["--config", "/nowhere/punctual.toml"], &[]).unwrap_err();
    assert!(error.starts_with("cannot read /nowhere/punctual.toml: "), "{error}");
}

#[test]
fn a_part_of_the_roles_is_refused_in_the_name_of_who_asked() {
    let error = load(&["--roles", "api,sync"], &[]).unwrap_err();
    assert!(
        error.starts_with("--roles: the embedded runtime runs every role"),
        "{error}"
    );
    let error = load(&[], &[("PUNCTUAL_ROLES", "audit")]).unwrap_err();
    assert!(error.starts_with("PUNCTUAL_ROLES: "), "{error}");
    let toml = file("roles = [\"audit\"]");
    let error = load(&["--config", name(toml.path())], &[]).unwrap_err();
    assert!(
        error.starts_with(&format!("roles in {}: ", name(toml.path()))),
        "{error}"
    );
}

#[test]
fn all_five_roles_by_name_are_all() {
    assert!(load(&["--roles", "api,recurring,notification,audit,sync"], &[]).is_ok());
}

#[test]
fn beside_a_sidecar_any_roles_may_be_played() {
    let config = load(&["--runtime", "dapr", "--roles", "sync,api"], &[]).unwrap();
    assert_eq!(config.roles.into_iter().collect::<Vec<_>>(), [Role::Api, Role::Sync]);
    assert_eq!(load(&["--runtime", "dapr"], &[]).unwrap().roles.len(), 5);
}

#[test]
fn the_sidecar_is_met_where_its_variables_say_and_its_tokens_are_not_shown() {
    let variables = [
        ("DAPR_GRPC_PORT", "3501"),
        ("DAPR_HTTP_PORT", "3502"),
        ("DAPR_API_TOKEN", "open sesame"),
        ("APP_API_TOKEN", ""),
    ];
    let sidecar = load(&["--runtime", "dapr"], &variables).unwrap().sidecar;
    assert_eq!((sidecar.grpc_port, sidecar.http_port), (3501, 3502));
    assert_eq!(sidecar.api_token.as_ref().map(Token::reveal), Some("open sesame"));
    assert_eq!(sidecar.app_token, None);
    assert_eq!(
        (&*sidecar.state_store, &*sidecar.pubsub, &*sidecar.secret_store),
        ("statestore", "events", "secrets")
    );
    assert_eq!(
        (&*sidecar.sync_pubsub, sidecar.partitions.get()),
        ("events-per-replica", 12)
    );
    assert!(!format!("{sidecar:?}").contains("sesame"));
    assert_eq!(
        load(&[], &[("DAPR_GRPC_PORT", "x")]).unwrap_err(),
        "DAPR_GRPC_PORT: x is no port"
    );
}

#[test]
fn mail_comes_from_a_plain_address_and_only_where_there_is_something_to_send_it_by() {
    let config = load(&["--runtime", "dapr", "--mail-from", "punctual@example.org"], &[]).unwrap();
    assert_eq!(config.mail_from.unwrap().as_str(), "punctual@example.org");
    let error = load(&[], &[("PUNCTUAL_MAIL_FROM", "punctual@example.org")]).unwrap_err();
    assert!(error.starts_with("PUNCTUAL_MAIL_FROM: the embedded runtime"), "{error}");
    let error = load(
        &["--runtime", "dapr"],
        &[("PUNCTUAL_MAIL_FROM", "Punctual <p@example.org>")],
    )
    .unwrap_err();
    assert!(error.contains("plain form"), "{error}");
}
