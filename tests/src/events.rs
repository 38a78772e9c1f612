//! A reader of the coordinator's event stream (server-sent events), as strict as a browser's.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::Response;
use serde_json::Value;

use crate::http::Api;

/// One event of the stream.
#[derive(Debug, Clone)]
pub struct Event {
    /// `snapshot`, `delta`, `resync`.
    pub name: String,
    /// `<run>-<version>`.
    pub id: String,
    /// The data.
    pub data: Value,
}

impl Event {
    /// The pulls in it, whether snapshot or delta.
    pub fn pulls(&self) -> Vec<Value> {
        self.objects("pulls")
    }

    /// The tasks in it, whether snapshot or delta.
    pub fn tasks(&self) -> Vec<Value> {
        let mut tasks = self.objects("tasks");
        tasks.extend(self.topics().filter_map(|topic| topic.get("task")).cloned());
        tasks
    }

    fn topics(&self) -> impl Iterator<Item = &Value> {
        self.data["topics"]
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::values)
    }

    fn objects(&self, key: &str) -> Vec<Value> {
        let lists = std::iter::once(&self.data)
            .chain(self.topics())
            .filter_map(|place| place[key].as_array());
        lists.flatten().cloned().collect()
    }
}

/// See the module.
#[derive(Debug)]
pub struct Events {
    response: Response,
    buffer: Vec<u8>,
    /// How much of the buffer has no end of a frame in it.
    searched: usize,
}

impl Events {
    /// Opens the stream for a comma list of topics, going on after `last` where it is given.
    pub async fn open(api: &Api, topics: &str, last: Option<&str>) -> Result<Self> {
        let mut request = api.client().get(api.url(&format!("/api/v1/events?topics={topics}")));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await?;
        ensure!(response.status().is_success(), "events: {}", response.status());
        Ok(Self {
            response,
            buffer: Vec::new(),
            searched: 0,
        })
    }

    /// The next event; comments are skipped.
    pub async fn next(&mut self, limit: Duration) -> Result<Event> {
        tokio::time::timeout(limit, self.read())
            .await
            .context("no event in time")?
    }

    /// Where the first frame ends; what was searched in vain is not searched again, because snapshots are large.
    fn frame_end(&mut self) -> Option<usize> {
        let fresh = &self.buffer[self.searched..];
        let found = fresh.windows(2).position(|pair| pair == b"\n\n");
        let end = found.map(|at| self.searched + at + 2);
        self.searched = if end.is_some() {
            0
        } else {
            self.buffer.len().saturating_sub(1)
        };
        end
    }

    async fn read(&mut self) -> Result<Event> {
        loop {
            while let Some(end) = self.frame_end() {
                let frame = self.buffer.drain(..end).collect::<Vec<_>>();
                if let Some(event) = parse(&String::from_utf8(frame)?)? {
                    return Ok(event);
                }
            }
            match self.response.chunk().await? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None => bail!("the event stream ended"),
            }
        }
    }
}

/// An event, or nothing for a comment.
fn parse(frame: &str) -> Result<Option<Event>> {
    let field = |name: &str| {
        let lines = frame
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines
            .map(|value| value.strip_prefix(' ').unwrap_or(value))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let data = field("data");
    if data.is_empty() {
        return Ok(None);
    }
    Ok(Some(Event {
        name: field("event"),
        id: field("id"),
        data: serde_json::from_str(&data)?,
    }))
}
