//! Who is told of the end of a task: channels that it names, and an address of its own.

use super::{ChannelId, Invalid, MAX_TASK_CHANNELS, origin};
use serde::{Deserialize, Serialize};

/// What a client sends, not checked yet. Empty text is the same as nothing.
#[derive(Debug, Clone, Default)]
pub struct NoticesRequest {
    /// Channels by their names.
    pub channels: Vec<String>,
    /// Address for this task alone, as clients of the original give it.
    pub webhook_url: Option<String>,
}

/// A channel that a task names, as it was called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskChannel {
    /// Number; 0 before the task is accepted.
    pub id: ChannelId,
    /// Name.
    pub name: String,
}

/// Checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskNotices {
    /// Channels.
    #[serde(default)]
    pub channels: Vec<TaskChannel>,
    /// Address for this task alone.
    #[serde(default)]
    pub webhook_url: Option<String>,
}

impl NoticesRequest {
    /// The request that leads to these.
    pub fn of(notices: &TaskNotices) -> Self {
        Self {
            channels: notices.channels.iter().map(|channel| channel.name.clone()).collect(),
            webhook_url: notices.webhook_url.clone(),
        }
    }

    /// What `other` says, and this where it says nothing.
    #[must_use]
    pub fn overridden_by(self, other: Self) -> Self {
        Self {
            channels: if other.channels.is_empty() {
                self.channels
            } else {
                other.channels
            },
            webhook_url: other.webhook_url.filter(|url| !url.is_empty()).or(self.webhook_url),
        }
    }

    /// Checks what can be checked without knowing the channels.
    ///
    /// # Errors
    /// The first field that breaks a rule, named as the REST API names it.
    pub fn check(self) -> Result<TaskNotices, Invalid> {
        if self.channels.len() > MAX_TASK_CHANNELS {
            let rule = format!(
                "must name at most {MAX_TASK_CHANNELS} channels, found {}",
                self.channels.len()
            );
            return Err(Invalid::new("channels", rule));
        }
        for (index, name) in self.channels.iter().enumerate() {
            if self.channels[..index].contains(name) {
                let rule = format!("{name:?} stands twice");
                return Err(Invalid::new(format!("channels[{index}]"), rule));
            }
        }
        let webhook_url = self.webhook_url.filter(|url| !url.is_empty());
        if let Some(url) = &webhook_url {
            origin("webhookUrl", url)?;
        }
        let unknown_yet = |name| TaskChannel {
            id: ChannelId::default(),
            name,
        };
        Ok(TaskNotices {
            channels: self.channels.into_iter().map(unknown_yet).collect(),
            webhook_url,
        })
    }
}
