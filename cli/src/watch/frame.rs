//! What a watch shows, as lines of text. Pure; drawing is somebody else's.

use super::model::{Model, arrived};
use crate::{
    human::{bytes, cut, duration, one_line, percent},
    output::task::{pull_word, pulls_in_words, status},
    words::is_running,
};
use ips_proto::v1;

const BAR_WIDTH: usize = 24;
const NODE_WIDTH: usize = 24;
const IMAGE_WIDTH: usize = 44;

/// The three parts of a bar: unpacked, arrived but not unpacked, missing.
#[derive(Debug, Clone, Copy)]
pub struct Glyphs(pub [char; 3]);

impl Glyphs {
    /// For terminals that show Unicode.
    pub const BLOCKS: Self = Self(['█', '▒', '·']);
    /// For all others.
    pub const ASCII: Self = Self(['#', '=', '.']);
}

/// At most `rows` lines: the task, then its pulls, the busy ones first; what finds no room is counted.
pub fn lines(model: &Model, rows: usize, glyphs: Glyphs, now_ms: i64) -> Vec<String> {
    let Some(task) = model.task() else {
        return vec!["waiting for the coordinator".to_owned()];
    };
    let mut lines = vec![headline(task, now_ms)];
    let mut pulls: Vec<&v1::PullView> = model.pulls().collect();
    pulls.sort_by_key(|pull| rank(pull.state()));
    let room = rows.saturating_sub(1).max(1);
    let shown = if pulls.len() <= room { pulls.len() } else { room - 1 };
    let widths = Widths::of(&pulls[..shown]);
    lines.extend(
        pulls[..shown]
            .iter()
            .map(|pull| widths.line(model, pull, glyphs, now_ms)),
    );
    if shown < pulls.len() {
        lines.push(rest(&pulls[shown..]));
    }
    lines
}

/// Running first, then what went wrong, then what waits, then what is done.
fn rank(state: v1::PullState) -> u8 {
    match state {
        v1::PullState::Pulling => 0,
        v1::PullState::Dispatched => 1,
        v1::PullState::Failed => 2,
        v1::PullState::Queued | v1::PullState::Unspecified => 3,
        v1::PullState::Skipped | v1::PullState::Cancelled => 4,
        v1::PullState::Succeeded => 5,
    }
}

fn rest(pulls: &[&v1::PullView]) -> String {
    let mut counts = v1::TaskProgress::default();
    for pull in pulls {
        let count = match pull.state() {
            v1::PullState::Queued | v1::PullState::Unspecified => &mut counts.queued_pulls,
            v1::PullState::Dispatched | v1::PullState::Pulling => &mut counts.running_pulls,
            v1::PullState::Succeeded => &mut counts.succeeded_pulls,
            v1::PullState::Skipped => &mut counts.skipped_pulls,
            v1::PullState::Failed => &mut counts.failed_pulls,
            v1::PullState::Cancelled => &mut counts.cancelled_pulls,
        };
        *count += 1;
    }
    format!("… and {} more: {}", pulls.len(), pulls_in_words(&counts))
}

/// The task on one line.
pub fn headline(task: &v1::Task, now_ms: i64) -> String {
    let progress = task.progress.unwrap_or_default();
    let counts = progress.bytes.unwrap_or_default();
    let mut parts = vec![
        format!("task/{} {}", task.task_id, status(task)),
        pulls_in_words(&progress),
    ];
    if counts.total > 0 {
        parts.push(format!(
            "{} of {} arrived",
            bytes(arrived(&counts)),
            bytes(counts.total)
        ));
        parts.push(format!("{} % unpacked", percent(counts.unpacked, counts.total)));
    }
    if progress.throughput_bytes_per_second > 0 {
        parts.push(format!("{}/s", bytes(progress.throughput_bytes_per_second)));
    }
    if let Ok(left_ms) = u64::try_from(task.estimated_completion_ms - now_ms)
        && task.estimated_completion_ms > 0
    {
        parts.push(format!("ETA {}", duration(left_ms / 1000)));
    }
    parts.join("  ")
}

/// The last line of a watch.
pub fn outcome(model: &Model, task: &v1::Task) -> String {
    let present = |pull: &&v1::PullView| pull.success_reason() == v1::SuccessReason::AlreadyPresent;
    let present = model.pulls().filter(present).count();
    let already = if present > 0 {
        format!(" ({present} already present)")
    } else {
        String::new()
    };
    let start = if task.started_at_ms == 0 {
        task.created_at_ms
    } else {
        task.started_at_ms
    };
    let took = crate::human::between(start, task.finished_at_ms);
    format!(
        "task/{} {}: {}{already} in {took}",
        task.task_id,
        status(task),
        pulls_in_words(&task.progress.unwrap_or_default())
    )
}

/// Widths of the first two columns.
struct Widths {
    node: usize,
    image: usize,
}

impl Widths {
    fn of(pulls: &[&v1::PullView]) -> Self {
        let widest =
            |text: fn(&v1::PullView) -> &str| pulls.iter().map(|pull| text(pull).chars().count()).max().unwrap_or(0);
        Self {
            node: widest(|pull| &pull.node_name).min(NODE_WIDTH),
            image: widest(|pull| &pull.image).min(IMAGE_WIDTH),
        }
    }

    fn line(&self, model: &Model, pull: &v1::PullView, glyphs: Glyphs, now_ms: i64) -> String {
        let (node, image) = (cut(&pull.node_name, self.node), cut_front(&pull.image, self.image));
        let (node_width, image_width) = (self.node, self.image);
        let said = said(model, pull, now_ms);
        format!(
            "{node:<node_width$}  {image:<image_width$}  {}  {said}",
            bar(pull, glyphs)
        )
    }
}

/// The end of a reference tells more than its beginning.
fn cut_front(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(length + 1 - width).collect();
    format!("…{kept}")
}

/// Unpacked, arrived and missing parts of the image.
fn bar(pull: &v1::PullView, glyphs: Glyphs) -> String {
    let counts = pull.bytes.unwrap_or_default();
    let whole = pull.state() == v1::PullState::Succeeded;
    let cells = |part: u64| match (whole, counts.total) {
        (true, _) => BAR_WIDTH,
        (false, 0) => 0,
        (false, total) => (u128::from(part.min(total)) * BAR_WIDTH as u128 / u128::from(total)) as usize,
    };
    let unpacked = cells(counts.unpacked);
    let arrived = cells(arrived(&counts)).max(unpacked);
    let Glyphs([done, there, missing]) = glyphs;
    let cell = |at: usize| match at {
        at if at < unpacked => done,
        at if at < arrived => there,
        _further => missing,
    };
    (0..BAR_WIDTH).map(cell).collect()
}

/// What stands behind the bar: phase, bytes, speed, ETA, layers; or how it ended.
pub fn said(model: &Model, pull: &v1::PullView, now_ms: i64) -> String {
    let mut parts = vec![pull_word(pull)];
    if is_running(pull.state()) {
        parts.extend(figures(model, pull, now_ms));
    } else if pull.finished_at_ms > 0 && pull.started_at_ms > 0 {
        parts.push(format!(
            "in {}",
            crate::human::between(pull.started_at_ms, pull.finished_at_ms)
        ));
    }
    if pull.attempt > 1 {
        parts.push(format!("attempt {}", pull.attempt));
    }
    if !pull.message.is_empty() {
        parts.push(one_line(&pull.message));
    }
    parts.join("  ")
}

fn figures(model: &Model, pull: &v1::PullView, now_ms: i64) -> Vec<String> {
    let counts = pull.bytes.unwrap_or_default();
    if counts.total == 0 {
        return vec![];
    }
    let unpacking = pull.phase() == v1::PullPhase::Unpacking || pull.phase() == v1::PullPhase::Verifying;
    let part = if unpacking { counts.unpacked } else { arrived(&counts) };
    let mut parts = vec![
        format!("{} %", percent(part, counts.total)),
        format!("{} of {}", bytes(part), bytes(counts.total)),
    ];
    let spared = counts.already_there.saturating_add(counts.not_needed);
    if spared > 0 {
        parts.push(format!("{} were there", bytes(spared)));
    }
    if !pull.layers.is_empty() {
        let done = pull.layers.iter().filter(|layer| layer.unpacked).count();
        parts.push(format!("layers {done}/{}", pull.layers.len()));
    }
    if !unpacking && pull.throughput_bytes_per_second > 0 {
        parts.push(format!("{}/s", bytes(pull.throughput_bytes_per_second)));
    }
    parts.extend(
        model
            .eta_seconds(pull, now_ms)
            .map(|seconds| format!("ETA {}", duration(seconds))),
    );
    parts
}

#[cfg(test)]
mod tests {
    use super::{
        super::model::tests::{delta, pull, pulling, task},
        *,
    };

    const MIB: u64 = 1024 * 1024;

    fn model(pulls: Vec<v1::PullView>) -> Model {
        let mut model = Model::default();
        model.apply(&delta(Some(task(v1::TaskState::Running)), pulls), 0);
        model
    }

    #[test]
    fn a_line_has_phase_bytes_layers_speed_and_eta() {
        let mut fetching = pulling("node-1", v1::PullPhase::Fetching, 100 * MIB, 40 * MIB, 0);
        fetching.bytes = Some(v1::ByteCounts {
            total: 100 * MIB,
            fetched: 40 * MIB,
            already_there: 5 * MIB,
            not_needed: 5 * MIB,
            unpacked: 25 * MIB,
        });
        fetching.throughput_bytes_per_second = 10 * MIB;
        fetching.layers = [true, false]
            .map(|unpacked| v1::LayerProgress {
                unpacked,
                ..Default::default()
            })
            .to_vec();
        let model = model(vec![fetching]);
        let shown = lines(&model, 10, Glyphs::ASCII, 0);
        assert_eq!(
            shown[1],
            "node-1  nginx:1  ######======............  fetching  50 %  50.0 MiB of 100.0 MiB  10.0 MiB were there  layers 1/2  10.0 MiB/s  ETA 5s"
        );
    }

    #[test]
    fn there_are_never_more_lines_than_rows_and_the_rest_is_counted() {
        let pulls = (0..20).map(|n| {
            let state = if n < 5 {
                v1::PullState::Succeeded
            } else {
                v1::PullState::Queued
            };
            pull(&format!("node-{n:02}"), state)
        });
        let mut pulls: Vec<_> = pulls.collect();
        pulls.push(pulling("node-99", v1::PullPhase::Fetching, 100, 50, 0));
        let model = model(pulls);
        for rows in [2, 3, 6, 22, 100] {
            let shown = lines(&model, rows, Glyphs::ASCII, 0);
            assert!(shown.len() <= rows, "{rows}: {}", shown.len());
        }
        let shown = lines(&model, 6, Glyphs::ASCII, 0);
        assert!(
            shown[1].starts_with("node-99"),
            "the busy one comes first: {}",
            shown[1]
        );
        assert_eq!(shown[5], "… and 17 more: 5 succeeded, 12 queued");
        assert_eq!(lines(&model, 100, Glyphs::ASCII, 0).len(), 22);
    }

    #[test]
    fn a_bar_shows_unpacked_arrived_and_missing_parts() {
        let at = |fetched, unpacked| {
            bar(
                &pulling("a", v1::PullPhase::Unpacking, 24, fetched, unpacked),
                Glyphs::ASCII,
            )
        };
        assert_eq!(at(0, 0), "........................");
        assert_eq!(at(24, 12), "############============");
        assert_eq!(at(24, 24), "########################");
        assert_eq!(
            bar(&pull("a", v1::PullState::Succeeded), Glyphs::ASCII),
            "########################"
        );
        assert_eq!(
            bar(&pull("a", v1::PullState::Queued), Glyphs::ASCII),
            "........................"
        );
    }

    #[test]
    fn before_the_first_event_something_is_said() {
        assert_eq!(
            lines(&Model::default(), 5, Glyphs::ASCII, 0),
            ["waiting for the coordinator"]
        );
    }

    #[test]
    fn long_references_lose_their_beginning() {
        assert_eq!(cut_front("registry.example/a/b:1", 8), "…e/a/b:1");
        assert_eq!(cut_front("a:1", 8), "a:1");
    }

    #[test]
    fn the_last_line_counts_what_was_there() {
        let mut present = pull("a", v1::PullState::Succeeded);
        present.success_reason = v1::SuccessReason::AlreadyPresent.into();
        let model = model(vec![present]);
        let mut ended = task(v1::TaskState::Completed);
        ended.progress = Some(v1::TaskProgress {
            succeeded_pulls: 1,
            ..Default::default()
        });
        (ended.started_at_ms, ended.finished_at_ms) = (1000, 35_000);
        assert_eq!(
            outcome(&model, &ended),
            "task/t completed: 1 succeeded (1 already present) in 34s"
        );
    }
}
