//! The account's side of the actor: beginning to exist, sessions, settings, the end.

use punctual_events::{
    SessionEnded, SessionId, SessionStarted, Timestamp, UserChanged, UserDeleted, UserEvent, UserRegistered,
};

use crate::{
    budget::Budget,
    machine::{Context, Decision},
    refusal::{Code, Refusal},
    user::{
        command::{UserCommand, UserReply},
        draft::unknown_zone,
        mail::mail_changed,
        state::UserActor,
    },
};

/// Sessions a user can have; the one that expires first ends when another begins.
const MAX_SESSIONS: usize = 100;

pub(super) fn done(events: Vec<UserEvent>) -> Decision<UserEvent, UserReply> {
    Decision {
        events,
        reply: UserReply::Done,
    }
}

impl UserActor {
    /// Commands to a user who has not signed in yet, or whose account was deleted.
    pub(super) fn decide_absent(
        &self,
        command: &UserCommand,
        context: &Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        match command {
            UserCommand::SignIn {
                account,
                expires,
                session,
                time_zone,
            } if !self.profile.deleted => {
                if !context.zones.contains(time_zone) {
                    return Err(unknown_zone(time_zone, "time_zone"));
                }
                let registered = UserRegistered {
                    account: account.clone(),
                    time_zone: time_zone.clone(),
                };
                let started = SessionStarted {
                    expires: *expires,
                    session: *session,
                };
                Ok(done(vec![
                    UserEvent::UserRegistered(registered),
                    UserEvent::SessionStarted(started),
                ]))
            }
            // What is left to do after a deletion: the series have to hear of it.
            UserCommand::Wake => Ok(done(
                self.handovers
                    .due(context.now, &mut Budget::of_a_commit())
                    .into_iter()
                    .map(UserEvent::HandoverOffered)
                    .collect(),
            )),
            UserCommand::Acknowledge { number } => Ok(self.acknowledge(*number)),
            UserCommand::Receive { .. } => Ok(done(Vec::new())),
            _ => Err(Refusal::new(Code::SessionEnded, "there is no such account")),
        }
    }

    pub(super) fn start_session(
        &self,
        session: SessionId,
        expires: Timestamp,
        now: Timestamp,
    ) -> Decision<UserEvent, UserReply> {
        let mut live: Vec<(Timestamp, SessionId)> = self
            .profile
            .sessions
            .iter()
            .map(|(session, expires)| (*expires, *session))
            .collect();
        live.sort_unstable();
        let surplus = (live.len() + 1).saturating_sub(MAX_SESSIONS);
        let over = live
            .iter()
            .enumerate()
            .filter(|(place, (expires, _))| *expires <= now || *place < surplus);
        let mut events: Vec<UserEvent> = over
            .map(|(_, (_, session))| UserEvent::SessionEnded(SessionEnded { session: *session }))
            .collect();
        events.push(UserEvent::SessionStarted(SessionStarted { expires, session }));
        done(events)
    }

    pub(super) fn end_sessions(&self, ends: impl Fn(SessionId) -> bool) -> Decision<UserEvent, UserReply> {
        let ending = self.profile.sessions.keys().filter(|session| ends(**session));
        done(
            ending
                .map(|session| UserEvent::SessionEnded(SessionEnded { session: *session }))
                .collect(),
        )
    }

    pub(super) fn change_user(
        &self,
        time_zone: &str,
        context: &Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        if !context.zones.contains(time_zone) {
            return Err(unknown_zone(time_zone, "time_zone"));
        }
        if *self.profile.time_zone == *time_zone {
            return Ok(done(Vec::new()));
        }
        let mut events = vec![UserEvent::UserChanged(UserChanged {
            time_zone: time_zone.into(),
        })];
        // Half past seven is another instant there.
        if self.profile.mail.digest.is_some() {
            events.push(mail_changed(self.profile.mail, time_zone));
        }
        events.extend(self.tell_zone(time_zone, context));
        Ok(done(events))
    }

    pub(super) fn delete_user(&self, context: &Context<'_>) -> Decision<UserEvent, UserReply> {
        let mut events = self.delete_all_series(context);
        let series = self.series.iter().map(|(series, _)| *series).collect();
        let account = self.profile.account.clone();
        events.push(UserEvent::UserDeleted(UserDeleted { account, series }));
        done(events)
    }
}
