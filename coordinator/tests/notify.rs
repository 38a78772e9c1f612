//! Notifications from the end of a task to strict receivers: each knows its service's published format and signature, and answers as the
//! service does, errors with status 200 included.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

#[path = "notify/formats.rs"]
mod formats;
#[path = "notify/guard.rs"]
mod guard;
#[path = "notify/mail.rs"]
mod mail;
#[path = "notify/queue.rs"]
mod queue;
#[path = "notify/receivers.rs"]
mod receivers;
#[path = "notify/schedules.rs"]
mod schedules;
#[path = "notify/smtp.rs"]
mod smtp;
#[path = "notify/stand.rs"]
mod stand;
