//! `ips tenant …`.

use crate::{
    args::{Quota, TenantCommand, TenantFields},
    connect::{Server, call},
    error::CliError,
    human::{bytes, moment},
    output::{self, Format, description, json, table},
};
use ips_proto::v1;
use std::process::ExitCode;
use tonic::{Response, Status};

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: TenantCommand) -> Result<ExitCode, CliError> {
    let mut client = server.tenants().await?;
    match command {
        TenantCommand::Own => {
            let found = client.get_own_tenant(call(v1::GetOwnTenantRequest {})).await;
            show(&answer(server, found)?, format)?;
        }
        TenantCommand::Ls => {
            let found = client.list_tenants(call(v1::ListTenantsRequest {})).await;
            list(&answer(server, found)?.tenants, format)?;
        }
        TenantCommand::Create { id, fields } => {
            let made = client.create_tenant(call(create(id, fields)?)).await;
            said(&answer(server, made)?, format, "created")?;
        }
        TenantCommand::Get { id } => {
            let found = client.get_tenant(call(v1::GetTenantRequest { tenant_id: id })).await;
            show(&answer(server, found)?, format)?;
        }
        TenantCommand::Update { id, fields } => {
            let asked = v1::GetTenantRequest { tenant_id: id.clone() };
            let old = answer(server, client.get_tenant(call(asked)).await)?;
            let changed = client.update_tenant(call(update(id, &old, fields)?)).await;
            said(&answer(server, changed)?, format, "updated")?;
        }
        TenantCommand::Rm { ids } => {
            for tenant_id in ids {
                let request = v1::DeleteTenantRequest {
                    tenant_id: tenant_id.clone(),
                };
                answer(server, client.delete_tenant(call(request)).await)?;
                output::line(&format!("tenant/{tenant_id} deleted"))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn answer<T>(server: &Server, answer: Result<Response<T>, Status>) -> Result<T, CliError> {
    Ok(answer.map_err(|status| server.error(status))?.into_inner())
}

fn create(tenant_id: String, fields: TenantFields) -> Result<v1::CreateTenantRequest, CliError> {
    let quotas = quotas(v1::TenantQuotas::default(), &fields)?;
    Ok(v1::CreateTenantRequest {
        tenant_id,
        name: fields.name.unwrap_or_default(),
        node_selector: fields.node_selector.unwrap_or_default(),
        repositories: fields.repositories,
        quotas: Some(quotas),
    })
}

fn update(tenant_id: String, old: &v1::Tenant, fields: TenantFields) -> Result<v1::UpdateTenantRequest, CliError> {
    let changes_quotas =
        fields.open_pulls.is_some() || fields.tasks_per_day.is_some() || fields.bytes_per_day.is_some();
    let quotas = quotas(old.quotas.unwrap_or_default(), &fields)?;
    let changes_repositories = fields.all_repositories || !fields.repositories.is_empty();
    Ok(v1::UpdateTenantRequest {
        tenant_id,
        name: fields.name,
        node_selector: fields.node_selector,
        repositories: changes_repositories.then_some(v1::RepositoryPatterns {
            patterns: fields.repositories,
        }),
        quotas: changes_quotas.then_some(quotas),
    })
}

/// The quotas as they will be: those that are not given stay.
fn quotas(old: v1::TenantQuotas, fields: &TenantFields) -> Result<v1::TenantQuotas, CliError> {
    let small = |flag: &str, given: Option<Quota>, old: Option<u32>| match given {
        None => Ok(old),
        Some(Quota(None)) => Ok(None),
        Some(Quota(Some(number))) => u32::try_from(number)
            .map(Some)
            .map_err(|_| CliError::Usage(format!("{flag} {number} is too large"))),
    };
    Ok(v1::TenantQuotas {
        open_pulls: small("--open-pulls", fields.open_pulls, old.open_pulls)?,
        tasks_per_day: small("--tasks-per-day", fields.tasks_per_day, old.tasks_per_day)?,
        bytes_per_day: match fields.bytes_per_day {
            None => old.bytes_per_day,
            Some(Quota(given)) => given,
        },
    })
}

fn list(tenants: &[v1::Tenant], format: Format) -> Result<(), CliError> {
    match format {
        Format::Json => output::object(&serde_json::json!({
            "tenants": tenants.iter().map(json::Tenant::from).collect::<Vec<_>>(),
        })),
        Format::Name => tenants
            .iter()
            .try_for_each(|tenant| output::line(&format!("tenant/{}", tenant.tenant_id))),
        Format::Table => {
            let rows: Vec<_> = tenants.iter().map(row).collect();
            let head = [
                "TENANT",
                "NAME",
                "NODES",
                "REPOSITORIES",
                "OPEN PULLS",
                "TASKS TODAY",
                "BYTES TODAY",
            ];
            output::line(&table(&head, &rows))
        }
    }
}

fn row(tenant: &v1::Tenant) -> Vec<String> {
    let [open_pulls, tasks, fetched] = used(tenant);
    vec![
        tenant.tenant_id.clone(),
        tenant.name.clone(),
        all_if_empty(&tenant.node_selector),
        all_if_empty(&tenant.repositories.join(",")),
        open_pulls,
        tasks,
        fetched,
    ]
}

fn all_if_empty(text: &str) -> String {
    if text.is_empty() { "all" } else { text }.to_owned()
}

/// Use and quota of each kind, such as `3 of 20`.
fn used(tenant: &v1::Tenant) -> [String; 3] {
    let (quotas, usage) = (tenant.quotas.unwrap_or_default(), tenant.usage.unwrap_or_default());
    let of = |used: String, most: Option<String>| match most {
        Some(most) => format!("{used} of {most}"),
        None => used,
    };
    [
        of(
            usage.open_pulls.to_string(),
            quotas.open_pulls.map(|most| most.to_string()),
        ),
        of(
            usage.tasks_today.to_string(),
            quotas.tasks_per_day.map(|most| most.to_string()),
        ),
        of(bytes(usage.bytes_today), quotas.bytes_per_day.map(bytes)),
    ]
}

fn show(tenant: &v1::Tenant, format: Format) -> Result<(), CliError> {
    let [open_pulls, tasks, fetched] = used(tenant);
    let ends = tenant.usage.and_then(|usage| moment(usage.day_ends_at_ms));
    match format {
        Format::Json => output::object(&json::Tenant::from(tenant)),
        Format::Name => output::line(&format!("tenant/{}", tenant.tenant_id)),
        Format::Table => output::line(&description(&[
            ("Tenant", tenant.tenant_id.clone()),
            ("Name", tenant.name.clone()),
            ("Nodes", all_if_empty(&tenant.node_selector)),
            ("Repositories", all_if_empty(&tenant.repositories.join(", "))),
            ("Open pulls", open_pulls),
            ("Tasks today", tasks),
            ("Bytes today", fetched),
            ("Today ends", ends.unwrap_or_default()),
            ("Created", moment(tenant.created_at_ms).unwrap_or_default()),
        ])),
    }
}

fn said(tenant: &v1::Tenant, format: Format, what: &str) -> Result<(), CliError> {
    match format {
        Format::Json => output::object(&json::Tenant::from(tenant)),
        Format::Name => output::line(&format!("tenant/{}", tenant.tenant_id)),
        Format::Table => output::line(&format!("tenant/{} {what}", tenant.tenant_id)),
    }
}
