#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use crate::{
    domain::{
        channel::{ChannelId, TaskChannel},
        event::EventKind,
        task::TaskRequest,
    },
    engine::fixtures::task_from,
};

/// An event of a task that gives this address.
fn event(url: &str) -> Event {
    let mut request = TaskRequest {
        images: vec!["a:1".into()],
        ..TaskRequest::default()
    };
    request.notices.webhook_url = Some(url.into());
    let (mut task, _) = task_from("t", &["n1"], request);
    task.spec.notices.channels = vec![TaskChannel {
        id: ChannelId::from_stored(7),
        name: "gone".into(),
    }];
    Event::task("e".into(), EventKind::TaskFailed, 5, task)
}

#[test]
fn addresses_on_one_host_take_turns_and_a_channel_that_is_gone_is_nobody() {
    let told = receivers(&event("https://one.example/a"), &[], 9);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].delivery.channel, told[0].delivery.due_at), (None, 9));
    let target = |url| receivers(&event(url), &[], 9)[0].target.clone();
    assert_eq!(target("https://one.example/b"), told[0].target);
    assert_ne!(target("https://two.example/a"), told[0].target);
}
