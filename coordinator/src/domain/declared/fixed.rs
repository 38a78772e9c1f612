//! What a declared task can no longer change: everything that its record keeps.

use crate::domain::{
    channel::TaskNotices, credential::TaskCredential, retry::RetryPolicy, rules::TaskRules, selection::Selection,
    task::TaskSpec,
};

/// The first field, as the REST API names it, in which a checked spec differs from the one that a task was made of. What is chosen or filled in
/// when a task is accepted is passed over. Every field is named, so that a new one is not forgotten.
pub fn changed_field(kept: &TaskSpec, new: &TaskSpec) -> Option<&'static str> {
    let TaskSpec {
        images,
        selection,
        batch_size,
        priority,
        retry,
        pull_timeout_seconds,
        no_progress_timeout_seconds,
        credentials,
        rules,
        notices,
        pull_secrets,
        // Of the call that made it.
        trace: _,
        declared: _,
    } = kept;
    let fields = [
        ("images", *images == new.images),
        ("batchSize", *batch_size == new.batch_size),
        ("priority", *priority == new.priority),
        ("pullTimeoutSeconds", *pull_timeout_seconds == new.pull_timeout_seconds),
        (
            "noProgressTimeoutSeconds",
            *no_progress_timeout_seconds == new.no_progress_timeout_seconds,
        ),
        ("imagePullSecrets", *pull_secrets == new.pull_secrets),
        ("secretIds", stored(credentials).eq(stored(&new.credentials))),
    ];
    fields
        .into_iter()
        .chain(of_selection(selection, &new.selection))
        .chain(of_retry(retry, &new.retry))
        .chain(of_rules(rules, &new.rules))
        .chain(of_notices(notices, &new.notices))
        .find(|(_, is_same)| !is_same)
        .map(|(name, _)| name)
}

type Field = (&'static str, bool);

fn stored(credentials: &[TaskCredential]) -> impl Iterator<Item = i64> {
    credentials.iter().filter(|it| !it.owned).map(|it| it.id.get())
}

fn of_selection(kept: &Selection, new: &Selection) -> [Field; 6] {
    let Selection {
        node_selector,
        node_expressions,
        node_names,
        exclude_nodes,
        max_nodes,
        platform,
    } = kept;
    [
        ("nodeSelector", *node_selector == new.node_selector),
        ("labelSelector", *node_expressions == new.node_expressions),
        ("nodeNames", *node_names == new.node_names),
        ("excludeNodes", *exclude_nodes == new.exclude_nodes),
        ("maxNodes", *max_nodes == new.max_nodes),
        ("platform", *platform == new.platform),
    ]
}

fn of_retry(kept: &RetryPolicy, new: &RetryPolicy) -> [Field; 3] {
    let RetryPolicy {
        max_retries,
        strategy,
        delay_seconds,
    } = kept;
    [
        ("maxRetries", *max_retries == new.max_retries),
        ("retryStrategy", *strategy == new.strategy),
        ("retryDelay", *delay_seconds == new.delay_seconds),
    ]
}

fn of_rules(kept: &TaskRules, new: &TaskRules) -> [Field; 9] {
    let TaskRules {
        parallelism,
        batch_mode,
        canary,
        // Chosen when it was accepted.
        canary_nodes: _,
        abort_failure_percent,
        success_threshold,
        deadline_seconds,
        windows,
        pull_policy,
        pin,
    } = kept;
    [
        ("parallelism", *parallelism == new.parallelism),
        ("batchMode", *batch_mode == new.batch_mode),
        ("canary", *canary == new.canary),
        (
            "abortFailurePercent",
            *abort_failure_percent == new.abort_failure_percent,
        ),
        ("successThreshold", *success_threshold == new.success_threshold),
        ("deadlineSeconds", *deadline_seconds == new.deadline_seconds),
        ("windows", *windows == new.windows),
        ("pullPolicy", *pull_policy == new.pull_policy),
        ("pin", *pin == new.pin),
    ]
}

fn of_notices(kept: &TaskNotices, new: &TaskNotices) -> [Field; 2] {
    let TaskNotices { channels, webhook_url } = kept;
    let names = |of: &TaskNotices| of.channels.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    [
        (
            "channels",
            channels.len() == new.channels.len() && names(kept) == names(new),
        ),
        ("webhookUrl", *webhook_url == new.webhook_url),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::domain::{rules::RulesRequest, selection::SelectionRequest, task::TaskRequest};

    fn spec(change: impl FnOnce(&mut TaskRequest)) -> TaskSpec {
        let mut request = TaskRequest {
            images: vec!["a:1".into()],
            ..TaskRequest::default()
        };
        change(&mut request);
        request.check().unwrap().spec
    }

    #[test]
    fn a_change_is_named_by_its_field() {
        let kept = spec(|_| {});
        assert_eq!(changed_field(&kept, &spec(|_| {})), None);
        type Change = fn(&mut TaskRequest);
        let changes: [(&str, Change); 6] = [
            ("images", |it| it.images.push("b:1".into())),
            ("priority", |it| it.priority = Some(9)),
            ("batchSize", |it| it.batch_size = Some(2)),
            ("retryDelay", |it| it.retry_delay_seconds = Some(7)),
            ("nodeNames", |it| {
                it.selection = SelectionRequest {
                    node_names: vec!["n1".into()],
                    ..SelectionRequest::default()
                }
            }),
            ("pin", |it| {
                it.rules = RulesRequest {
                    pin: Some(true),
                    ..RulesRequest::default()
                }
            }),
        ];
        for (field, change) in changes {
            assert_eq!(changed_field(&kept, &spec(change)), Some(field));
        }
    }

    #[test]
    fn what_was_filled_in_when_it_was_accepted_is_no_change() {
        let mut kept = spec(|it| it.rules.canary = Some("1".into()));
        kept.rules.canary_nodes = vec![crate::domain::ids::NodeName::parse("n1").unwrap()];
        kept.trace = "00-1".into();
        assert_eq!(
            changed_field(&kept, &spec(|it| it.rules.canary = Some("1".into()))),
            None
        );
    }
}
