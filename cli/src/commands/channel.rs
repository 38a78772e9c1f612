//! `ips channel …`.

use crate::{
    args::{ChannelCommand, ChannelFields, DeliveriesArgs, DeliveryStatus, MailFields, PasswordSource},
    connect::{Server, call},
    error::{self, CliError},
    human::{between, now_ms},
    output::{self, Format, description, json, table},
    password, words,
};
use ips_proto::v1;
use std::{path::PathBuf, process::ExitCode};

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: ChannelCommand) -> Result<ExitCode, CliError> {
    match command {
        ChannelCommand::Create { kind, name, fields } => create(server, format, kind, name, fields).await?,
        ChannelCommand::Ls { limit, offset } => list(server, format, limit, offset).await?,
        ChannelCommand::Get { id } => {
            let request = v1::GetChannelRequest { channel_id: id };
            let found = server.channels().await?.get_channel(call(request)).await;
            one(format, &found.map_err(|status| server.error(status))?.into_inner(), "")?;
        }
        ChannelCommand::Update {
            id,
            name,
            no_secret,
            fields,
        } => update(server, format, id, name, no_secret, fields).await?,
        ChannelCommand::Rm { ids } => remove(server, ids).await?,
        ChannelCommand::Test { id } => return test(server, format, id).await,
        ChannelCommand::Deliveries(which) => deliveries(server, format, which).await?,
        ChannelCommand::Replay { ids } => replay(server, ids).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(
    server: &Server,
    format: Format,
    kind: String,
    name: String,
    fields: ChannelFields,
) -> Result<(), CliError> {
    let url = match kind.as_str() {
        "email" => String::new(),
        _posted => password::needed_address(&url_source(&fields))?,
    };
    let request = v1::CreateChannelRequest {
        url,
        secret: from_file(fields.secret_file)?.unwrap_or_default(),
        email: mail(fields.mail)?,
        name,
        kind,
        enabled: fields.enabled,
        language: fields.language.unwrap_or_default(),
        events: fields.events,
    };
    let created = server.channels().await?.create_channel(call(request)).await;
    let created = created.map_err(|status| server.error(status))?.into_inner();
    one(format, &created, " created")
}

async fn update(
    server: &Server,
    format: Format,
    channel_id: i64,
    name: Option<String>,
    no_secret: bool,
    fields: ChannelFields,
) -> Result<(), CliError> {
    let url = password::given(&url_source(&fields))?;
    let events = (fields.no_events || !fields.events.is_empty()).then_some(fields.events);
    let secret = if no_secret {
        Some(String::new())
    } else {
        from_file(fields.secret_file)?
    };
    let request = v1::UpdateChannelRequest {
        channel_id,
        name,
        enabled: fields.enabled,
        language: fields.language,
        events: events.map(|events| v1::EventList { events }),
        url,
        secret,
        email: mail(fields.mail)?,
    };
    let changed = server.channels().await?.update_channel(call(request)).await;
    let changed = changed.map_err(|status| server.error(status))?.into_inner();
    one(format, &changed, " changed")
}

fn url_source(fields: &ChannelFields) -> PasswordSource {
    PasswordSource {
        password_stdin: fields.url_stdin,
        password_file: fields.url_file.clone(),
    }
}

fn from_file(path: Option<PathBuf>) -> Result<Option<String>, CliError> {
    password::given(&PasswordSource {
        password_stdin: false,
        password_file: path,
    })
}

fn mail(fields: MailFields) -> Result<Option<v1::EmailSettings>, CliError> {
    let Some(host) = fields.smtp_host else { return Ok(None) };
    Ok(Some(v1::EmailSettings {
        host,
        port: fields.smtp_port.unwrap_or_default().into(),
        security: fields.smtp_security.unwrap_or_default(),
        username: fields.smtp_username.unwrap_or_default(),
        password: from_file(fields.smtp_password_file)?,
        from: fields.from.unwrap_or_default(),
        to: fields.to,
    }))
}

async fn list(server: &Server, format: Format, limit: u32, offset: u32) -> Result<(), CliError> {
    let request = v1::ListChannelsRequest {
        limit,
        offset,
        tenant: server.tenant(),
    };
    let found = server.channels().await?.list_channels(call(request)).await;
    let found = found.map_err(|status| server.error(status))?.into_inner();
    match format {
        Format::Json => output::object(&serde_json::json!({
            "channels": found.channels.iter().map(json::Channel::from).collect::<Vec<_>>(),
            "total": found.total,
        })),
        Format::Name => found
            .channels
            .iter()
            .try_for_each(|it| output::line(&format!("channel/{}", it.channel_id))),
        Format::Table if found.channels.is_empty() => {
            eprintln!("No channels found.");
            Ok(())
        }
        Format::Table => {
            let rows: Vec<_> = found.channels.iter().map(|it| row(it, now_ms())).collect();
            output::line(&table(&["ID", "NAME", "KIND", "TO", "STATUS", "AGE"], &rows))
        }
    }
}

fn row(channel: &v1::Channel, now_ms: i64) -> Vec<String> {
    let status = match (channel.readable, channel.enabled) {
        (false, _) => "unreadable",
        (true, false) => "off",
        (true, true) => "ok",
    };
    vec![
        channel.channel_id.to_string(),
        channel.name.clone(),
        channel.kind.clone(),
        leads_to(channel),
        status.to_owned(),
        between(channel.created_at_ms, now_ms),
    ]
}

fn leads_to(channel: &v1::Channel) -> String {
    match &channel.email {
        Some(email) => email.to.join(", "),
        None => channel.host.clone(),
    }
}

fn one(format: Format, channel: &v1::Channel, done: &str) -> Result<(), CliError> {
    let named = format!("channel/{}", channel.channel_id);
    match format {
        Format::Json => output::object(&json::Channel::from(channel)),
        Format::Name => output::line(&named),
        Format::Table if !done.is_empty() => output::line(&format!("{named}{done}")),
        Format::Table => output::line(&description(&[
            ("Id", channel.channel_id.to_string()),
            ("Name", channel.name.clone()),
            ("Kind", channel.kind.clone()),
            ("To", leads_to(channel)),
            ("Enabled", channel.enabled.to_string()),
            ("Signed", channel.has_secret.to_string()),
            ("Language", channel.language.clone()),
            ("Events", channel.events.join(", ")),
            ("Unreadable", channel.unreadable_reason.clone()),
        ])),
    }
}

async fn remove(server: &Server, ids: Vec<i64>) -> Result<(), CliError> {
    let mut client = server.channels().await?;
    for channel_id in ids {
        let gone = client
            .delete_channel(call(v1::DeleteChannelRequest { channel_id }))
            .await;
        gone.map_err(|status| server.error(status))?;
        output::line(&format!("channel/{channel_id} deleted"))?;
    }
    Ok(())
}

async fn test(server: &Server, format: Format, channel_id: i64) -> Result<ExitCode, CliError> {
    let request = v1::TestChannelRequest { channel_id };
    let tried = server.channels().await?.test_channel(call(request)).await;
    let tried = tried.map_err(|status| server.error(status))?.into_inner();
    match format {
        Format::Json => output::object(&json::Delivery::from(&tried))?,
        Format::Name => output::line(&tried.delivery_id)?,
        Format::Table if tried.message.is_empty() => output::line(&words::delivery_state(tried.state))?,
        Format::Table => output::line(&format!("{}: {}", words::delivery_state(tried.state), tried.message))?,
    }
    Ok(if tried.state() == v1::DeliveryState::Delivered {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(error::FAILURE)
    })
}

async fn deliveries(server: &Server, format: Format, which: DeliveriesArgs) -> Result<(), CliError> {
    let state = |status: &DeliveryStatus| match status {
        DeliveryStatus::Queued => v1::DeliveryState::Queued.into(),
        DeliveryStatus::Delivered => v1::DeliveryState::Delivered.into(),
        DeliveryStatus::Failed => v1::DeliveryState::Failed.into(),
    };
    let request = v1::ListDeliveriesRequest {
        channel_id: which.id.unwrap_or_default(),
        about: which.about.unwrap_or_default(),
        states: which.status.iter().map(state).collect(),
        limit: which.limit,
        offset: which.offset,
        tenant: server.tenant(),
    };
    let found = server.channels().await?.list_deliveries(call(request)).await;
    let found = found.map_err(|status| server.error(status))?.into_inner();
    match format {
        Format::Json => output::object(&serde_json::json!({
            "deliveries": found.deliveries.iter().map(json::Delivery::from).collect::<Vec<_>>(),
            "total": found.total,
        })),
        Format::Name => found.deliveries.iter().try_for_each(|it| output::line(&it.delivery_id)),
        Format::Table if found.deliveries.is_empty() => {
            eprintln!("No deliveries found.");
            Ok(())
        }
        Format::Table => {
            let rows: Vec<_> = found.deliveries.iter().map(|it| delivery_row(it, now_ms())).collect();
            let head = ["ID", "CHANNEL", "EVENT", "ABOUT", "STATUS", "TRIES", "AGE", "MESSAGE"];
            output::line(&table(&head, &rows))
        }
    }
}

fn delivery_row(delivery: &v1::Delivery, now_ms: i64) -> Vec<String> {
    let channel = match delivery.channel_id {
        0 => "webhookUrl".to_owned(),
        number => number.to_string(),
    };
    vec![
        delivery.delivery_id.clone(),
        channel,
        delivery.event.clone(),
        delivery.about.clone(),
        words::delivery_state(delivery.state),
        delivery.attempts.to_string(),
        between(delivery.created_at_ms, now_ms),
        delivery.message.clone(),
    ]
}

async fn replay(server: &Server, ids: Vec<String>) -> Result<(), CliError> {
    let mut client = server.channels().await?;
    for delivery_id in ids {
        let request = v1::ReplayDeliveryRequest {
            delivery_id: delivery_id.clone(),
        };
        let queued = client.replay_delivery(call(request)).await;
        queued.map_err(|status| server.error(status))?;
        output::line(&format!("delivery/{delivery_id} queued"))?;
    }
    Ok(())
}
