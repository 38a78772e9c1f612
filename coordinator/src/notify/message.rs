//! An event in words: a title and facts, without any markup. Formats lay it out and escape it.

use super::{
    figures,
    words::{self, Words, fill},
};
use crate::domain::{
    channel::Language,
    event::{Event, EventKind, NodeNews, PolicyNews, ScheduleNews, Subject},
    task::Task,
};

/// Images and failures that are named; the rest is counted.
const NAMED: usize = 5;
/// Longest value of a fact, in characters.
const LONGEST: usize = 600;

/// How it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Neutral,
}

/// What people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) title: String,
    pub(super) tone: Tone,
    pub(super) facts: Vec<(&'static str, String)>,
}

impl Message {
    /// Says it in a language.
    pub(super) fn of(event: &Event, language: Language) -> Self {
        let words = words::of(language);
        let (template, tone) = headline(event, words);
        let named = match &event.subject {
            Subject::Task(task) => task.id.as_str(),
            Subject::Schedule(news) => &news.name,
            Subject::Node(node) => node.name.as_str(),
            Subject::Policy(news) => &news.name,
            Subject::Channel(name) => name,
        };
        let mut facts = match &event.subject {
            Subject::Task(task) => of_task(task, words),
            Subject::Schedule(news) => of_schedule(news, words),
            Subject::Node(node) => of_node(node, words),
            Subject::Policy(news) => of_policy(news, words),
            Subject::Channel(_) => vec![(words.reason, words.test_text.to_owned())],
        };
        facts.push((words.time, figures::time(event.at)));
        let clean = |text: &str| clean(text, LONGEST);
        Self {
            title: fill(template, &[&clean(named)]),
            tone,
            facts: facts.into_iter().map(|(name, value)| (name, clean(&value))).collect(),
        }
    }

    /// As lines of plain text.
    pub(super) fn lines(&self) -> String {
        let lines = self.facts.iter().map(|(name, value)| format!("{name}: {value}"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn headline(event: &Event, words: &Words) -> (&'static str, Tone) {
    let failures = matches!(&event.subject, Subject::Task(task) if task.counts.failed > 0);
    match event.kind {
        EventKind::TaskCompleted if failures => (words.task_completed_with_failures, Tone::Neutral),
        EventKind::TaskCompleted => (words.task_completed, Tone::Good),
        EventKind::TaskFailed => (words.task_failed, Tone::Bad),
        EventKind::TaskCancelled => (words.task_cancelled, Tone::Neutral),
        EventKind::TaskAborted => (words.task_aborted, Tone::Bad),
        EventKind::ScheduleSkipped => (words.schedule_skipped, Tone::Neutral),
        EventKind::ScheduleFailed => (words.schedule_failed, Tone::Bad),
        EventKind::NodeLost => (words.node_lost, Tone::Bad),
        EventKind::PolicyTagMoved => (words.policy_tag_moved, Tone::Neutral),
        EventKind::PolicyImagePaused => (words.policy_image_paused, Tone::Bad),
        EventKind::Test => (words.test, Tone::Good),
    }
}

fn of_task(task: &Task, words: &Words) -> Vec<(&'static str, String)> {
    let counts = &task.counts;
    let mut facts = vec![];
    if !task.error_message.is_empty() {
        facts.push((words.reason, task.error_message.clone()));
    }
    let images = task.spec.images.iter().map(ToString::to_string);
    facts.push((words.images, some_of(images.collect(), words)));
    let (completed, nodes) = (counts.nodes_completed.to_string(), counts.nodes.to_string());
    facts.push((words.nodes, fill(words.of, &[&completed, &nodes])));
    let pulls = [
        (words.succeeded, counts.succeeded),
        (words.failed, counts.failed),
        (words.skipped, counts.skipped),
        (words.cancelled, counts.cancelled),
    ];
    let pulls = pulls
        .into_iter()
        .filter(|(word, count)| *count > 0 || *word == words.succeeded);
    let pulls: Vec<String> = pulls.map(|(word, count)| fill(word, &[&count.to_string()])).collect();
    facts.push((words.pulls, pulls.join(", ")));
    let moved = fill(words.moved, &[&figures::bytes(task.settled_bytes.fetched)]);
    let saved = fill(words.saved, &[&figures::bytes(task.settled_bytes.saved())]);
    facts.push((words.bytes, format!("{moved}, {saved}")));
    if task.started_at > 0 {
        facts.push((words.duration, figures::duration(task.finished_at - task.started_at)));
    }
    if !task.failures.is_empty() {
        let groups = task.failures.iter().map(|group| {
            let example = clean(&group.example_message, 120);
            format!("{} × {} ({}: {example})", group.pulls, group.reason, group.example_node)
        });
        facts.push((words.failures, some_of(groups.collect(), words)));
    }
    facts
}

fn of_schedule(news: &ScheduleNews, words: &Words) -> Vec<(&'static str, String)> {
    vec![
        (words.reason, news.message.clone()),
        (words.schedule, news.id.to_string()),
    ]
}

fn of_policy(news: &PolicyNews, words: &Words) -> Vec<(&'static str, String)> {
    let mut facts = vec![(words.reason, news.message.clone()), (words.images, news.image.clone())];
    if !news.node.is_empty() {
        facts.push((words.nodes, news.node.clone()));
    }
    facts.push((words.policy, news.id.to_string()));
    facts
}

fn of_node(node: &NodeNews, words: &Words) -> Vec<(&'static str, String)> {
    vec![(words.last_seen, figures::time(node.last_seen_at))]
}

fn some_of(mut all: Vec<String>, words: &Words) -> String {
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    if more > 0 {
        all.push(fill(words.and_more, &[&more.to_string()]));
    }
    all.join(", ")
}

/// One line of at most so many characters.
fn clean(text: &str, longest: usize) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = visible.take(longest).collect();
    if text.chars().count() > longest {
        short.push('…');
    }
    short
}
