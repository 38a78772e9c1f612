//! Channels: kept, changed, tried, removed; and the log of what was brought to them. Addresses and keys come in and never go out, except to
//! their own receivers.

use super::{
    Engine, EngineError,
    run::now,
    views::{ChannelView, Page, PageRequest},
};
use crate::{
    domain::{
        Invalid,
        caller::TenantId,
        channel::{Channel, ChannelId, ChannelRequest, ChannelSecrets, ChannelSpec, TaskChannel},
        credential::Sealed,
        delivery::{Delivery, DeliveryState},
        event::Event,
        task::TaskSpec,
        tenant::Realm,
    },
    notify::{Destination, Notifier, Parcel},
    store::{Addressed, ChannelRemoval, DeliveryQuery, Numbers, StoreError},
    vault::{Place, VaultError},
};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use tokio::sync::Notify;

/// What calls, the loop and the courier share.
#[derive(Debug, Clone)]
pub(super) struct Post {
    /// Something is to be told: the courier looks.
    pub(super) nudge: Arc<Notify>,
    pub(super) notifier: Arc<Notifier>,
}

impl Post {
    pub(super) fn new(notifier: Notifier) -> Self {
        Self {
            nudge: Arc::default(),
            notifier: Arc::new(notifier),
        }
    }
}

impl Engine {
    /// The same engine with another way to reach receivers. Call it before the engine is handed around.
    #[must_use]
    pub fn with_notifier(mut self, notifier: Notifier) -> Self {
        self.post.notifier = Arc::new(notifier);
        self
    }

    /// Saves a channel.
    ///
    /// # Errors
    /// Invalid for a field that breaks a rule; `AlreadyExists` for a taken name; Precondition where there is no key to encrypt with.
    pub async fn create_channel(&self, request: ChannelRequest) -> Result<ChannelView, EngineError> {
        let spec = request.check_new()?;
        self.check_reach(&spec.secrets)?;
        let _one_at_a_time = self.logins.changing().await;
        let id = ChannelId::from_stored(self.store.new_number(Numbers::Channels).await?);
        let now = now();
        let sealed = self.seal_channel(id, &spec)?;
        let channel = channel_of((id, self.owner.clone()), spec, sealed, now, now);
        let saved = self.store.insert_channel(&channel).await;
        saved.map_err(|error| taken(error, &channel.name))?;
        tracing::info!(channel.id = %id, channel.kind = channel.kind.as_str(), "channel saved");
        Ok(self.channel_view(channel))
    }

    /// Channels, newest first.
    ///
    /// # Errors
    /// Unavailable when the store cannot be read.
    pub async fn channels(&self, page: PageRequest) -> Result<Page<ChannelView>, EngineError> {
        let (found, total) = self.store.channels(&self.realm, page.limit, page.offset).await?;
        Ok(Page {
            items: found.into_iter().map(|channel| self.channel_view(channel)).collect(),
            total,
        })
    }

    /// One channel.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn channel(&self, id: ChannelId) -> Result<ChannelView, EngineError> {
        Ok(self.channel_view(self.stored_channel(id).await?))
    }

    /// Changes what the request names; secrets that it leaves out stay.
    ///
    /// # Errors
    /// `NotFound`; Invalid for a field that breaks a rule; `AlreadyExists` for a taken name; Precondition where the old secrets cannot be read.
    pub async fn update_channel(&self, id: ChannelId, request: ChannelRequest) -> Result<ChannelView, EngineError> {
        let _one_at_a_time = self.logins.changing().await;
        let old = self.stored_channel(id).await?;
        let secrets = match self.open_channel(&old) {
            Ok(secrets) => secrets,
            // Who sends every secret anew needs none of the old ones.
            Err(_) if request.url.is_some() || request.mail.is_some() => ChannelSecrets::default(),
            Err(error) => return Err(unreadable(&old, &error)),
        };
        let spec = request.check_over(ChannelSpec {
            name: old.name.clone(),
            kind: old.kind,
            enabled: old.enabled,
            language: old.language,
            events: old.events.clone(),
            settings: old.settings.clone(),
            secrets,
        })?;
        self.check_reach(&spec.secrets)?;
        let sealed = self.seal_channel(id, &spec)?;
        let new = channel_of((id, old.tenant.clone()), spec, sealed, old.created_at, now());
        let written = self.store.update_channel(&new, &old.sealed).await;
        if !written.map_err(|error| taken(error, &new.name))? {
            return Err(EngineError::Unavailable(
                "the channel was changed meanwhile, try again".into(),
            ));
        }
        tracing::info!(channel.id = %id, "channel changed");
        Ok(self.channel_view(new))
    }

    /// Removes a channel; one that is not there is removed already. What waits for it is given up.
    ///
    /// # Errors
    /// Precondition while a schedule or a task that has not ended names it; the message names them.
    pub async fn delete_channel(&self, id: ChannelId) -> Result<(), EngineError> {
        let _one_at_a_time = self.logins.changing().await;
        match self.stored_channel(id).await {
            Err(EngineError::NotFound { .. }) => return Ok(()),
            other => other?,
        };
        match self.store.delete_channel(id).await? {
            ChannelRemoval::Removed => {
                tracing::info!(channel.id = %id, "channel removed");
                Ok(())
            }
            ChannelRemoval::Absent => Ok(()),
            ChannelRemoval::InUse(users) => Err(EngineError::Precondition(format!(
                "channel {id} is named by {}",
                users.join(", ")
            ))),
        }
    }

    /// Sends a test message now, once, and says what came of it; the log has it too.
    ///
    /// # Errors
    /// `NotFound`; Precondition where the secrets cannot be read.
    pub async fn test_channel(&self, id: ChannelId) -> Result<Delivery, EngineError> {
        let channel = self.stored_channel(id).await?;
        let secrets = self
            .open_channel(&channel)
            .map_err(|error| unreadable(&channel, &error))?;
        let now = now();
        let event = Event::test(uuid::Uuid::new_v4().simple().to_string(), now, channel.name.clone());
        let target = target_of(id);
        let mut delivery = Delivery::new(event.delivery_id(&target), Some(id), &event, now);
        delivery.tenant.clone_from(&channel.tenant);
        // It is not tried again.
        delivery.give_up_at = now;
        let destination = destination(&channel, secrets);
        let parcel = Parcel {
            id: &delivery.id,
            event: &event,
            now,
        };
        let attempt = self.post.notifier.send(&destination, parcel).await;
        delivery.tried(&attempt, super::run::now(), 0.0);
        self.desk.metrics.delivery_tried(channel.kind.as_str(), delivery.state);
        let addressed = Addressed { delivery, target };
        self.store.record_event(&event, &addressed).await?;
        Ok(addressed.delivery)
    }

    /// Deliveries, newest first.
    ///
    /// # Errors
    /// `NotFound` for a channel that does not exist and never had a delivery.
    pub async fn deliveries(&self, query: DeliveryQuery, page: PageRequest) -> Result<Page<Delivery>, EngineError> {
        let found = self.store.deliveries(&self.realm, &query, page.limit, page.offset);
        let (items, total) = found.await?;
        if let (0, Some(id)) = (total, query.channel) {
            self.stored_channel(id).await?;
        }
        Ok(Page { items, total })
    }

    /// Has a delivery that ended tried again, under its old id and for another day.
    ///
    /// # Errors
    /// `NotFound`; Precondition while it is queued.
    pub async fn replay_delivery(&self, id: &str) -> Result<Delivery, EngineError> {
        let mut delivery = self.seen(self.store.delivery(id).await?, "delivery", id)?;
        if delivery.state == DeliveryState::Queued {
            return Err(EngineError::Precondition("the delivery is queued already".into()));
        }
        delivery.replay(now());
        self.store.save_delivery(&delivery).await?;
        self.post.nudge.notify_one();
        Ok(delivery)
    }

    /// Finds the channels that a spec names and checks its address; for schedules and previews too.
    ///
    /// # Errors
    /// Invalid for a name that no channel has, and for an address that may not be reached.
    pub(super) async fn name_channels(&self, spec: &mut TaskSpec) -> Result<(), EngineError> {
        if let Some(url) = &spec.notices.webhook_url {
            let checked = self.post.notifier.check_address(url);
            checked.map_err(|rule| Invalid::new("webhookUrl", rule))?;
        }
        // Those of a schedule are known by their numbers already.
        if spec.notices.channels.iter().all(|named| named.id.get() > 0) {
            return Ok(());
        }
        let own = Realm::Of(self.owner.clone());
        let (known, _) = self.store.channels(&own, u32::MAX, 0).await?;
        for (index, named) in spec.notices.channels.iter_mut().enumerate() {
            let found = known.iter().find(|channel| channel.name == named.name);
            let found = found.ok_or_else(|| {
                let rule = format!("there is no channel {:?}", named.name);
                Invalid::new(format!("channels[{index}]"), rule)
            })?;
            *named = TaskChannel {
                id: found.id,
                name: found.name.clone(),
            };
        }
        Ok(())
    }

    /// The secrets of a channel in the clear. A key that is not known is looked for once more where the keys come from.
    pub(super) fn open_channel(&self, channel: &Channel) -> Result<ChannelSecrets, VaultError> {
        let vault = self.logins.vault();
        if !vault.has(&channel.sealed.key_id) {
            let _as_before = vault.reload();
        }
        let place = Place::of_channel(channel.id, channel.kind.as_str());
        let text = vault.unseal(place, &channel.sealed)?;
        ChannelSecrets::read(&text).ok_or(VaultError::Damaged)
    }

    fn seal_channel(&self, id: ChannelId, spec: &ChannelSpec) -> Result<Sealed, EngineError> {
        let place = Place::of_channel(id, spec.kind.as_str());
        let sealed = self.logins.vault().seal(place, &spec.secrets.to_text());
        sealed.map_err(|error| EngineError::Precondition(format!("the secrets cannot be encrypted: {error}")))
    }

    fn check_reach(&self, secrets: &ChannelSecrets) -> Result<(), Invalid> {
        let Some(url) = &secrets.url else { return Ok(()) };
        let checked = self.post.notifier.check_address(url.expose_secret());
        checked.map_err(|rule| Invalid::new("url", rule))
    }

    async fn stored_channel(&self, id: ChannelId) -> Result<Channel, EngineError> {
        self.seen(self.store.channel(id).await?, "channel", &id.to_string())
    }

    fn channel_view(&self, channel: Channel) -> ChannelView {
        let unreadable = self.open_channel(&channel).err().map(|error| error.to_string());
        ChannelView { channel, unreadable }
    }
}

/// What names a channel among receivers.
pub(super) fn target_of(id: ChannelId) -> String {
    format!("channel/{id}")
}

/// The receiver behind a channel.
pub(super) fn destination(channel: &Channel, secrets: ChannelSecrets) -> Destination {
    Destination {
        kind: channel.kind,
        language: channel.language,
        settings: channel.settings.clone(),
        secrets,
    }
}

fn channel_of(
    (id, tenant): (ChannelId, TenantId),
    spec: ChannelSpec,
    sealed: Sealed,
    created_at: i64,
    updated_at: i64,
) -> Channel {
    Channel {
        id,
        tenant,
        name: spec.name,
        kind: spec.kind,
        enabled: spec.enabled,
        language: spec.language,
        events: spec.events,
        settings: spec.settings,
        sealed,
        created_at,
        updated_at,
    }
}

fn taken(error: StoreError, name: &str) -> EngineError {
    if matches!(error, StoreError::Taken { .. }) {
        return EngineError::AlreadyExists {
            kind: "channel",
            id: name.to_owned(),
        };
    }
    error.into()
}

fn unreadable(channel: &Channel, error: &VaultError) -> EngineError {
    EngineError::Precondition(format!(
        "channel {} {:?} cannot be read: {error}",
        channel.id, channel.name
    ))
}
