//! `ips token …`.

use crate::{
    args::TokenCommand,
    connect::{Server, call},
    error::CliError,
    human::moment,
    output::{self, Format, json, table},
};
use ips_proto::v1;
use std::process::ExitCode;

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: TokenCommand) -> Result<ExitCode, CliError> {
    let mut client = server.api_tokens().await?;
    match command {
        TokenCommand::Ls => {
            let found = client
                .list_tokens(call(v1::ListTokensRequest {
                    tenant: server.tenant(),
                }))
                .await;
            let tokens = found.map_err(|status| server.error(status))?.into_inner().tokens;
            list(&tokens, format)?;
        }
        TokenCommand::Create {
            name,
            role,
            scopes,
            expires_in_days,
        } => {
            let request = v1::CreateTokenRequest {
                name,
                role: role.unwrap_or_default(),
                scopes,
                expires_in_days: Some(expires_in_days),
            };
            let made = client.create_token(call(request)).await;
            let made = made.map_err(|status| server.error(status))?.into_inner();
            match format {
                Format::Json => output::object(&json::NewToken::from(&made))?,
                // Nothing else on standard output: the token is meant for a file or a variable.
                Format::Table | Format::Name => output::line(&made.token)?,
            }
            eprintln!("this is shown only once; programs take it from IPS_TOKEN");
        }
        TokenCommand::Rm { ids } => {
            for token_id in ids {
                let gone = client.revoke_token(call(v1::RevokeTokenRequest { token_id })).await;
                gone.map_err(|status| server.error(status))?;
                output::line(&format!("token/{token_id} revoked"))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(tokens: &[v1::ApiToken], format: Format) -> Result<(), CliError> {
    match format {
        Format::Json => output::object(&tokens.iter().map(json::ApiToken::from).collect::<Vec<_>>()),
        Format::Name => tokens
            .iter()
            .try_for_each(|token| output::line(&format!("token/{}", token.token_id))),
        Format::Table => {
            let rows: Vec<_> = tokens.iter().map(row).collect();
            let head = ["ID", "NAME", "TOKEN", "OWNER", "ROLE", "SCOPES", "LAST USED", "ENDS"];
            output::line(&table(&head, &rows))
        }
    }
}

fn row(token: &v1::ApiToken) -> Vec<String> {
    let ends = if token.revoked {
        "revoked".to_owned()
    } else {
        moment(token.expires_at_ms).unwrap_or_else(|| "never".to_owned())
    };
    vec![
        token.token_id.to_string(),
        token.name.clone(),
        format!("{}…", token.shown),
        token.owner.clone(),
        token.role.clone(),
        if token.is_scoped {
            token.scopes.join(",")
        } else {
            "all".to_owned()
        },
        moment(token.last_used_at_ms).unwrap_or_default(),
        ends,
    ]
}
