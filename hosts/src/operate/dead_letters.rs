//! `punctual dead-letters`: asks the services for what they put aside.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use punctual_actors::ports::Failure;
use serde::Serialize;

use super::{DeadLettersArguments, DeadLettersCommand, LetterName, OperateError, SOME_FAILED, tokio};
use crate::{
    dapr::letters::{Letter, ROLES, Replayed, remote::RemoteLetters},
    terminal::plain,
};

/// A letter and the role whose it is.
#[derive(Serialize)]
struct Named {
    role: &'static str,
    #[serde(flatten)]
    letter: Letter,
}

/// Does with dead letters what is asked, and prints what became of it.
///
/// # Errors
/// When nothing could be done.
pub fn run(arguments: &DeadLettersArguments) -> Result<ExitCode, OperateError> {
    tokio()?.block_on(async {
        let letters = RemoteLetters::new(arguments.sidecar.sidecar()?);
        let mut output = io::stdout().lock();
        match &arguments.command {
            DeadLettersCommand::List { role, json } => list(&letters, role.as_deref(), *json, &mut output).await,
            DeadLettersCommand::Replay {
                letters: names,
                all,
                role,
            } => {
                let found = if *all {
                    gather(&letters, role.as_deref()).await
                } else {
                    Gathered::of(names)
                };
                replay(&letters, found, &mut output).await
            }
            DeadLettersCommand::Discard { letters: names } => discard(&letters, names, &mut output).await,
        }
    })
}

/// The letters of all roles that could be asked.
struct Gathered {
    names: Vec<LetterName>,
    letters: Vec<Named>,
    is_whole: bool,
}

impl Gathered {
    fn of(names: &[LetterName]) -> Self {
        Self {
            names: names.to_vec(),
            letters: Vec::new(),
            is_whole: true,
        }
    }
}

/// Asks every role, or one; those that cannot be asked are named.
async fn gather(remote: &RemoteLetters, only: Option<&str>) -> Gathered {
    let mut letters = Vec::new();
    let mut is_whole = true;
    for role in ROLES.into_iter().filter(|role| only.is_none_or(|only| only == *role)) {
        match all_of(remote, role).await {
            Ok(found) => letters.extend(found.into_iter().map(|letter| Named { role, letter })),
            Err(failure) => {
                is_whole = false;
                complain(&format!("the dead letters of {role} cannot be had: {failure}"));
            }
        }
    }
    // A user's in the order they happened, as far as that is known: commits of one actor may have the same instant.
    letters.sort_by_key(|Named { role, letter }| (*role, letter.time, letter.commit(), letter.since));
    let name = |named: &Named| LetterName {
        role: named.role,
        id: named.letter.id.clone(),
    };
    Gathered {
        names: letters.iter().map(name).collect(),
        letters,
        is_whole,
    }
}

async fn all_of(remote: &RemoteLetters, role: &str) -> Result<Vec<Letter>, Failure> {
    let (mut letters, mut from) = (Vec::new(), Some(0));
    while let Some(page) = from {
        let page = remote.list(role, page).await?;
        letters.extend(page.letters);
        from = page.next;
    }
    Ok(letters)
}

async fn list(
    remote: &RemoteLetters,
    role: Option<&str>,
    json: bool,
    output: &mut impl Write,
) -> Result<ExitCode, OperateError> {
    let found = gather(remote, role).await;
    for (name, named) in found.names.iter().zip(&found.letters) {
        if json {
            serde_json::to_writer(&mut *output, named).map_err(io::Error::other)?;
            writeln!(output)?;
        } else {
            show(name, &named.letter, output)?;
        }
    }
    if !json {
        let of = if found.is_whole { "" } else { " of those that answered" };
        writeln!(output, "{}{of}", counted(found.letters.len()))?;
    }
    Ok(if found.is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn counted(letters: usize) -> String {
    match letters {
        0 => "no dead letters".to_owned(),
        1 => "1 dead letter".to_owned(),
        more => format!("{more} dead letters"),
    }
}

fn show(name: &LetterName, letter: &Letter, output: &mut impl Write) -> io::Result<()> {
    let known = |text: Option<&str>| plain(text.unwrap_or("unknown"));
    let origin = &letter.origin;
    writeln!(output, "{name}  {}", known(letter.event_type.as_deref()))?;
    writeln!(output, "    event   {}", known(letter.event.as_deref()))?;
    if let Some(user) = letter.user {
        writeln!(output, "    user    {user}")?;
    }
    if let Some(time) = letter.time {
        writeln!(output, "    time    {time}")?;
    }
    write!(output, "    topic   {}", plain(&origin.topic))?;
    if let (Some(partition), Some(offset)) = (origin.partition, origin.offset) {
        write!(output, ", partition {partition}, offset {offset}")?;
    }
    writeln!(output)?;
    writeln!(
        output,
        "    aside   since {}, replayed {} times",
        letter.since, letter.replays
    )?;
    writeln!(output, "    reason  {}", plain(&letter.reason))
}

async fn replay(remote: &RemoteLetters, found: Gathered, output: &mut impl Write) -> Result<ExitCode, OperateError> {
    let (mut taken, mut remain, mut all_asked) = (0_u64, 0_u64, found.is_whole);
    for name in &found.names {
        let outcome = remote.replay(name.role, &name.id).await;
        if matches!(outcome, Ok(Replayed::Taken)) {
            taken += 1;
        } else {
            remain += 1;
        }
        let said = match outcome {
            Ok(Replayed::Taken) => "taken".to_owned(),
            Ok(Replayed::Refused(reason)) => format!("refused: {}", plain(&reason)),
            Ok(Replayed::Absent) => "there is no such letter".to_owned(),
            Err(failure) => {
                all_asked = false;
                format!("unknown: {}", plain(&failure.to_string()))
            }
        };
        writeln!(output, "{name}  {said}")?;
    }
    writeln!(output, "{taken} taken, {remain} not")?;
    Ok(match (all_asked, remain) {
        (false, _) => ExitCode::FAILURE,
        (true, 0) => ExitCode::SUCCESS,
        (true, _) => ExitCode::from(SOME_FAILED),
    })
}

async fn discard(
    remote: &RemoteLetters,
    names: &[LetterName],
    output: &mut impl Write,
) -> Result<ExitCode, OperateError> {
    let mut all_there = true;
    for name in names {
        let was_there = remote.discard(name.role, &name.id).await?;
        all_there &= was_there;
        let said = if was_there {
            "discarded"
        } else {
            "there is no such letter"
        };
        writeln!(output, "{name}  {said}")?;
    }
    Ok(if all_there {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(SOME_FAILED)
    })
}

#[expect(clippy::print_stderr, reason = "what could not be shown is not among what is")]
fn complain(what: &str) {
    eprintln!("punctual: {}", plain(what));
}
