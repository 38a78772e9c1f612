#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use crate::domain::channel::ChannelSecrets;

fn secrets(url: &str) -> ChannelSecrets {
    ChannelSecrets {
        url: Some(url.into()),
        secret: Some("signing-key".into()),
        password: None,
    }
}

#[test]
fn what_receivers_repeat_of_secrets_is_hidden() {
    let secrets = secrets("https://h.example/robot/send?access_token=abc%20def%2Bghi&x=1");
    for (said, kept) in [
        ("no token abc def+ghi here", "no token [hidden] here"),
        ("key signing-key", "key [hidden]"),
        ("bad\r\nInjected: line", "bad  Injected: line"),
        ("short words like send stay", "short words like send stay"),
    ] {
        assert_eq!(scrubbed(said, &secrets), kept);
    }
    assert_eq!(scrubbed(&"x".repeat(2000), &secrets).len(), MAX_MESSAGE);
    let whole = "for https://h.example/robot/send?access_token=abc%20def%2Bghi&x=1";
    assert_eq!(scrubbed(whole, &secrets), "for [hidden]");
}
