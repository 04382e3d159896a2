//! In real time: hosts of actors beside a sidecar with placement and Scheduler behind it. Each host reaches the sidecar through the proxy.

mod check;
mod hosts;
mod scheduler;
mod two_hosts;

use daprenv::Store;

use self::hosts::Hosts;
use crate::beside::Beside;

/// Plays everything that needs real time.
pub(crate) fn play_all(store: Store, beside: &mut Beside) {
    let hosts = Hosts::start(beside);
    println!("{store}: the reply to a reminder is lost");
    scheduler::a_reminder_whose_delivery_is_repeated_fires_once(&hosts);
    println!("{store}: the reply to the registration of a reminder is lost");
    scheduler::a_reminder_registered_by_a_command_that_was_given_up_is_harmless(&hosts);
    println!("{store}: a writer stands still across its own reminder");
    scheduler::a_writer_stalled_across_its_own_reminder_loses_and_arms_again(&hosts);
    println!("{store}: two hosts, one actor");
    two_hosts::each_sequence_is_acknowledged_by_one_of_two_hosts_that_hammer_one_actor(&hosts);
    println!("{store}: in real time: {}", hosts.stage.tally);
}
