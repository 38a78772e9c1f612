//! Follows a task until it has ended: connects, reads events, connects again when the coordinator was away. What is shown goes to
//! standard error while it runs; the result goes to standard output.

mod bars;
mod frame;
mod model;
mod plain;

use crate::{
    args::Watching,
    connect::{Server, is_broken_connection},
    error::{CliError, FAILURE},
    human::{now_ms, one_line},
    output::{self, Format, json},
};
use bars::Bars;
use ips_proto::v1::{self, task_event::Body};
use model::{Change, Model};
use plain::Plain;
use std::{
    io::IsTerminal as _,
    process::ExitCode,
    time::{Duration, Instant},
};
use tonic::{Code, Status};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(200);
/// More pulls than this are counted at the end, and only failures are listed.
const LISTED_PULLS: usize = 50;

/// Which task to follow.
#[derive(Debug)]
pub struct Target {
    id: String,
    /// It was just created: a coordinator that is away now is waited for, not an error.
    created: bool,
}

impl Target {
    /// A task that somebody named.
    pub fn named(id: String) -> Self {
        Self { id, created: false }
    }

    /// A task that this command created.
    pub fn created(id: String) -> Self {
        Self { id, created: true }
    }
}

/// Follows the task; success only if it completed.
pub async fn run(server: &Server, format: Format, target: Target, watching: Watching) -> Result<ExitCode, CliError> {
    let mut watch = Watch {
        server,
        model: Model::default(),
        display: Display::new(format, watching.plain),
        connected_once: target.created,
        id: target.id,
    };
    let followed = tokio::select! {
        followed = watch.follow(watching.reconnect_for) => followed,
        _pressed = tokio::signal::ctrl_c() => Err(CliError::Interrupted),
    };
    watch.display.close();
    if matches!(followed, Err(CliError::Interrupted)) {
        let id = &watch.id;
        eprintln!("task/{id} goes on; `ips task watch {id}` follows it again, `ips task cancel {id}` ends it");
    }
    followed?;
    watch.result(format)
}

/// How one connection ended.
enum Pause {
    /// The task and its last pull have ended.
    Over,
    /// It is worth connecting again.
    Broken(String),
}

struct Watch<'a> {
    server: &'a Server,
    id: String,
    model: Model,
    display: Display,
    connected_once: bool,
}

impl Watch<'_> {
    async fn follow(&mut self, patience: Duration) -> Result<(), CliError> {
        let mut away_since = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let events_before = self.model.events();
            let why = match self.one_connection().await? {
                Pause::Over => return Ok(()),
                Pause::Broken(why) => why,
            };
            if self.model.events() > events_before {
                (away_since, pause) = (Instant::now(), FIRST_PAUSE);
                self.display
                    .note(&format!("lost the coordinator ({}); connecting again", one_line(&why)));
            }
            if away_since.elapsed() >= patience {
                return Err(CliError::Refused(Box::new(Status::unavailable(format!(
                    "the coordinator was away for {} s; task {} may go on",
                    patience.as_secs(),
                    self.id
                )))));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn one_connection(&mut self) -> Result<Pause, CliError> {
        let request = v1::WatchTaskRequest {
            task_id: self.id.clone(),
        };
        let opened = match self.server.tasks().await {
            Ok(mut client) => client.watch_task(request).await.map_err(|status| self.judge(status)),
            Err(error @ CliError::Unreachable { .. }) if self.connected_once => {
                return Ok(Pause::Broken(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let mut stream = match opened {
            Ok(response) => response.into_inner(),
            Err(judged) => return judged,
        };
        self.connected_once = true;
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                message = stream.message() => match message {
                    Ok(Some(event)) => self.take(&event)?,
                    Ok(None) if self.model.has_ended() => return Ok(Pause::Over),
                    Ok(None) => return Ok(Pause::Broken("it closed the watch".to_owned())),
                    Err(status) => return self.judge(status),
                },
                _tick = ticks.tick() => self.display.tick(&self.model),
            }
        }
    }

    /// Whether a status means "try again" or the end.
    fn judge(&self, status: Status) -> Result<Pause, CliError> {
        let away = is_broken_connection(&status) || status.code() == Code::Unavailable;
        if away && self.connected_once {
            return Ok(Pause::Broken(status.message().to_owned()));
        }
        Err(self.server.error(status))
    }

    fn take(&mut self, event: &v1::TaskEvent) -> Result<(), CliError> {
        let changes = self.model.apply(event, now_ms());
        self.display.event(event, &self.model, &changes)
    }

    fn result(&self, format: Format) -> Result<ExitCode, CliError> {
        let Some(task) = self.model.task() else {
            return Ok(ExitCode::from(FAILURE));
        };
        if format == Format::Table {
            output::line(&summary(&self.model, task))?;
        }
        match task.state() {
            v1::TaskState::Completed => return Ok(ExitCode::SUCCESS),
            v1::TaskState::Cancelled => eprintln!("error: task {} was cancelled", task.task_id),
            v1::TaskState::Unspecified
            | v1::TaskState::Pending
            | v1::TaskState::Running
            | v1::TaskState::Paused
            | v1::TaskState::Failed => {
                eprintln!("error: task {} failed: {}", task.task_id, one_line(&task.error_message))
            }
        }
        Ok(ExitCode::from(FAILURE))
    }
}

/// The pulls, or of very many only those that did not succeed, and a last line.
fn summary(model: &Model, task: &v1::Task) -> String {
    let all: Vec<v1::PullView> = model.pulls().cloned().collect();
    let listed: Vec<v1::PullView> = if all.len() <= LISTED_PULLS {
        all
    } else {
        let amiss = all.into_iter().filter(|pull| pull.state() != v1::PullState::Succeeded);
        amiss.take(LISTED_PULLS).collect()
    };
    let table = output::task::pulls(&listed, now_ms());
    let last = frame::outcome(model, task);
    if listed.is_empty() {
        last
    } else {
        format!("{table}\n\n{last}")
    }
}

/// Where the events go.
enum Display {
    Json,
    Plain(Plain),
    Bars(Box<Bars>),
}

impl Display {
    fn new(format: Format, plain: bool) -> Self {
        if format == Format::Json {
            Self::Json
        } else if plain || !std::io::stderr().is_terminal() {
            Self::Plain(Plain::default())
        } else {
            Self::Bars(Box::default())
        }
    }

    fn event(&mut self, event: &v1::TaskEvent, model: &Model, changes: &[Change]) -> Result<(), CliError> {
        match self {
            Self::Json => output::object_line(&event_json(event))?,
            Self::Plain(plain) => say(plain.changed(model, changes, now_ms())),
            // Drawn at the next tick, so that a flood of events costs nothing.
            Self::Bars(_) => {}
        }
        Ok(())
    }

    fn tick(&mut self, model: &Model) {
        match self {
            Self::Json => {}
            Self::Plain(plain) => say(plain.progress(model, now_ms())),
            Self::Bars(bars) => bars.draw(model, now_ms()),
        }
    }

    fn note(&mut self, text: &str) {
        match self {
            Self::Json | Self::Plain(_) => eprintln!("{text}"),
            Self::Bars(bars) => bars.note(text),
        }
    }

    fn close(&mut self) {
        if let Self::Bars(bars) = self {
            bars.clear();
        }
    }
}

fn say(lines: Vec<String>) {
    for line in lines {
        eprintln!("{line}");
    }
}

/// One event as one JSON object: `{"version", "snapshot": {task, pulls}}` or `{"version", "task"?, "pulls"?}`.
fn event_json(event: &v1::TaskEvent) -> serde_json::Value {
    let pulls = |pulls: &[v1::PullView]| pulls.iter().map(json::Pull::from).collect::<Vec<_>>();
    match &event.body {
        Some(Body::Snapshot(snapshot)) => serde_json::json!({
            "version": event.version,
            "snapshot": {"task": snapshot.task.as_ref().map(json::Task::from), "pulls": pulls(&snapshot.pulls)},
        }),
        Some(Body::Delta(delta)) => {
            let mut object = serde_json::json!({"version": event.version});
            if let Some(task) = &delta.task {
                object["task"] = serde_json::json!(json::Task::from(task));
            }
            if !delta.pulls.is_empty() {
                object["pulls"] = serde_json::json!(pulls(&delta.pulls));
            }
            object
        }
        None => serde_json::json!({"version": event.version}),
    }
}
