//! `ips credential …`.

use crate::{
    args::{CredentialCommand, CredentialFields, PasswordSource},
    connect::{Server, call},
    error::{self, CliError},
    human::{between, now_ms},
    output::{self, Format, description, json, table},
    password, words,
};
use ips_proto::v1;
use std::process::ExitCode;

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: CredentialCommand) -> Result<ExitCode, CliError> {
    match command {
        CredentialCommand::Create { fields, password } => create(server, format, fields, &password).await?,
        CredentialCommand::Ls { limit, offset } => list(server, format, limit, offset).await?,
        CredentialCommand::Get { id } => one(format, &get(server, id).await?, "")?,
        CredentialCommand::Update {
            id,
            name,
            registry,
            username,
            password,
        } => {
            let password = password::given(&password)?.unwrap_or_default();
            let old = get(server, id).await?;
            let request = v1::UpdateCredentialRequest {
                credential_id: id,
                name: name.unwrap_or(old.name),
                registry: registry.unwrap_or(old.registry),
                username: username.unwrap_or(old.username),
                password,
            };
            let mut client = server.credentials().await?;
            let changed = client.update_credential(call(request)).await;
            let changed = changed.map_err(|status| server.error(status))?.into_inner();
            one(format, &changed, " changed")?;
        }
        CredentialCommand::Rm { ids } => remove(server, ids).await?,
        CredentialCommand::Test { id } => return test(server, format, id).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(
    server: &Server,
    format: Format,
    fields: CredentialFields,
    source: &PasswordSource,
) -> Result<(), CliError> {
    let request = v1::CreateCredentialRequest {
        password: password::needed(source)?,
        name: fields.name,
        registry: fields.registry,
        username: fields.username,
    };
    let mut client = server.credentials().await?;
    let created = client.create_credential(call(request)).await;
    let created = created.map_err(|status| server.error(status))?.into_inner();
    one(format, &created, " created")
}

async fn get(server: &Server, credential_id: i64) -> Result<v1::Credential, CliError> {
    let mut client = server.credentials().await?;
    let found = client
        .get_credential(call(v1::GetCredentialRequest { credential_id }))
        .await;
    Ok(found.map_err(|status| server.error(status))?.into_inner())
}

async fn list(server: &Server, format: Format, limit: u32, offset: u32) -> Result<(), CliError> {
    let mut client = server.credentials().await?;
    let request = v1::ListCredentialsRequest {
        limit,
        offset,
        tenant: server.tenant(),
    };
    let found = client.list_credentials(call(request)).await;
    let found = found.map_err(|status| server.error(status))?.into_inner();
    match format {
        Format::Json => output::object(&serde_json::json!({
            "secrets": found.credentials.iter().map(json::Secret::from).collect::<Vec<_>>(),
            "total": found.total,
        })),
        Format::Name => found
            .credentials
            .iter()
            .try_for_each(|it| output::line(&format!("credential/{}", it.credential_id))),
        Format::Table if found.credentials.is_empty() => {
            eprintln!("No credentials found.");
            Ok(())
        }
        Format::Table => {
            let rows: Vec<_> = found.credentials.iter().map(|it| row(it, now_ms())).collect();
            output::line(&table(&["ID", "NAME", "REGISTRY", "USERNAME", "STATUS", "AGE"], &rows))
        }
    }
}

fn row(credential: &v1::Credential, now_ms: i64) -> Vec<String> {
    vec![
        credential.credential_id.to_string(),
        credential.name.clone(),
        credential.registry.clone(),
        credential.username.clone(),
        if credential.readable { "ok" } else { "unreadable" }.to_owned(),
        between(credential.created_at_ms, now_ms),
    ]
}

fn one(format: Format, credential: &v1::Credential, done: &str) -> Result<(), CliError> {
    let named = format!("credential/{}", credential.credential_id);
    match format {
        Format::Json => output::object(&json::Secret::from(credential)),
        Format::Name => output::line(&named),
        Format::Table if !done.is_empty() => output::line(&format!("{named}{done}")),
        Format::Table => output::line(&description(&[
            ("Id", credential.credential_id.to_string()),
            ("Name", credential.name.clone()),
            ("Registry", credential.registry.clone()),
            ("Username", credential.username.clone()),
            ("Key", credential.key_id.clone()),
            ("Unreadable", credential.unreadable_reason.clone()),
        ])),
    }
}

async fn remove(server: &Server, ids: Vec<i64>) -> Result<(), CliError> {
    let mut client = server.credentials().await?;
    for credential_id in ids {
        let gone = client
            .delete_credential(call(v1::DeleteCredentialRequest { credential_id }))
            .await;
        gone.map_err(|status| server.error(status))?;
        output::line(&format!("credential/{credential_id} deleted"))?;
    }
    Ok(())
}

async fn test(server: &Server, format: Format, credential_id: i64) -> Result<ExitCode, CliError> {
    let mut client = server.credentials().await?;
    let answer = client
        .test_credential(call(v1::TestCredentialRequest { credential_id }))
        .await;
    let answer = answer.map_err(|status| server.error(status))?.into_inner();
    let word = words::login_result(answer.result);
    match format {
        Format::Json => output::object(&serde_json::json!({"result": word, "message": answer.message}))?,
        Format::Name => output::line(&word)?,
        Format::Table => output::line(&format!("{word}: {}", answer.message))?,
    }
    Ok(if answer.result() == v1::LoginResult::Ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(error::FAILURE)
    })
}
