//! The recurring role between real actors of users and series.

mod ending;
mod faults;
mod histories;
mod late;
mod later;
mod life;
mod nights;
mod reminding;
mod travel;
mod world;
