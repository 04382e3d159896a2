//! A proxy between a host and its sidecar. It speaks gRPC with both and hands every call on byte for byte, when it does.
//!
//! Where a history is driven step by step, nothing passes of its own accord: a call is held when it arrives, before it is carried out, and its
//! answer is held again before the host sees it. Who drives the history lets a process go on from one to the next, or leaves it standing there
//! while others pass it by. In real time only those calls stand still that were picked. What goes wrong with a call is the next of the
//! process's faults.

mod call;
mod lane;
mod tally;

pub(crate) use call::Upstream;
pub(crate) use lane::{Lane, Pace};
pub(crate) use tally::Tally;
