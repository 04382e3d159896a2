//! The recurring role in short: what `hosts` does with hand-overs, without its streams and logs.

use punctual_actors::{
    machine::Machine,
    series::{SeriesActor, SeriesCommand},
    turn::{Answered, Outcome, TurnError},
    user::{UserActor, UserCommand},
};
use punctual_events::{ActorId, Commit, EventType, Handover, HandoverOffered, Principal};

use super::{
    World,
    member::{Actors, MemberPorts},
};

/// Delivers the offers of a commit. Stops at the first that fails; it will be delivered again.
pub(crate) async fn carry(world: &World, actors: &mut Actors, ports: &MemberPorts, commit: &Commit) {
    for record in commit
        .events
        .iter()
        .filter(|record| record.event_type == EventType::HandoverOffered)
    {
        let offer: HandoverOffered = serde_json::from_str(record.data.get()).expect("an offer");
        let from = commit.header.actor;
        match deliver(world, actors, ports, from, &offer.handover).await {
            Some(true) => acknowledge(world, actors, ports, from, offer.handover.number).await,
            Some(false) => {}
            None => return,
        }
    }
}

/// Whether it arrived; `None` when nobody knows. A refusal is final and counts as arrived.
fn arrived<M: Machine>(outcome: Option<Outcome<M>>, is_received: impl Fn(&M::Reply) -> bool) -> Option<bool> {
    match outcome? {
        Ok(Answered { reply, .. }) => Some(is_received(&reply)),
        Err(TurnError::Refused(_)) => Some(true),
        Err(TurnError::Unknown(_)) => None,
    }
}

async fn deliver(
    world: &World,
    actors: &mut Actors,
    ports: &MemberPorts,
    from: ActorId,
    handover: &Handover,
) -> Option<bool> {
    let (handover, number) = (handover.clone(), handover.number);
    match (from, handover.to) {
        (ActorId::User(_), ActorId::Series(to)) => {
            let command = world.pending(Principal::System, SeriesCommand::Receive { handover }, None);
            let outcome = actors.series(to).take_turn(&[command], ports).await.pop();
            arrived::<SeriesActor>(outcome, |reply| reply.received >= number)
        }
        (ActorId::Series(from), ActorId::User(_)) => {
            let command = world.pending(Principal::System, UserCommand::Receive { from, handover }, None);
            arrived::<UserActor>(actors.user.take_turn(&[command], ports).await.pop(), |_| true)
        }
        (from, to) => panic!("{from} hands over to {to}"),
    }
}

async fn acknowledge(world: &World, actors: &mut Actors, ports: &MemberPorts, from: ActorId, number: u64) {
    match from {
        ActorId::User(_) => {
            let command = world.pending(Principal::System, UserCommand::Acknowledge { number }, None);
            actors.user.take_turn(&[command], ports).await;
        }
        ActorId::Series(from) => {
            let command = world.pending(Principal::System, SeriesCommand::Acknowledge { number }, None);
            actors.series(from).take_turn(&[command], ports).await;
        }
    }
}
