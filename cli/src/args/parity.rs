//! Every public RPC has a command: an explicit table, held against the descriptors of the protocol and the command line.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::Cli;
use clap::CommandFactory as _;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use std::collections::BTreeSet;

/// RPC and the words of its command.
const COMMANDS: &[(&str, &str)] = &[
    ("AuthService.Login", "login"),
    // By itself, when a token ends.
    ("AuthService.Refresh", "login"),
    // With --oidc.
    ("AuthService.GetLoginMethods", "login"),
    ("AuthService.ExchangeCode", "login"),
    ("AuthService.Logout", "logout"),
    ("AuthService.WhoAmI", "whoami"),
    ("UserService.UpdateUser", "user update"),
    ("UserService.ListUsers", "user ls"),
    ("UserService.CreateUser", "user create"),
    ("UserService.GetUser", "user get"),
    ("UserService.DeleteUser", "user rm"),
    ("TokenService.ListTokens", "token ls"),
    ("TokenService.CreateToken", "token create"),
    ("TokenService.RevokeToken", "token rm"),
    ("TaskService.CreateTask", "task create"),
    ("TaskService.CloneTask", "task clone"),
    ("TaskService.PreviewTask", "task preview"),
    ("TaskService.GetTask", "task get"),
    ("TaskService.ListTasks", "task ls"),
    ("TaskService.ListPulls", "task pulls"),
    ("TaskService.WatchTask", "task watch"),
    ("TaskService.PauseTask", "task pause"),
    ("TaskService.ResumeTask", "task resume"),
    ("TaskService.RetryTask", "task retry"),
    ("TaskService.CancelTask", "task cancel"),
    ("TaskService.DeleteTask", "task rm"),
    // With --all.
    ("TaskService.BulkTasks", "task cancel"),
    ("TenantService.GetOwnTenant", "tenant own"),
    ("TenantService.ListTenants", "tenant ls"),
    ("TenantService.GetTenant", "tenant get"),
    ("TenantService.CreateTenant", "tenant create"),
    ("TenantService.UpdateTenant", "tenant update"),
    ("TenantService.DeleteTenant", "tenant rm"),
    ("NodeService.ListNodes", "node ls"),
    ("NodeService.GroupNodes", "node groups"),
    ("NodeService.GetNode", "node get"),
    ("NodeService.ListNodePulls", "node pulls"),
    ("NodeService.GetStats", "node stats"),
    ("NodeService.PurgeImages", "purge"),
    ("LimitsService.GetLimits", "limits get"),
    // With --replace.
    ("LimitsService.SetLimits", "limits set"),
    ("LimitsService.UpdateLimits", "limits set"),
    ("ScheduleService.CreateSchedule", "schedule create"),
    ("ScheduleService.ListSchedules", "schedule ls"),
    ("ScheduleService.GetSchedule", "schedule get"),
    ("ScheduleService.UpdateSchedule", "schedule update"),
    ("ScheduleService.DeleteSchedule", "schedule rm"),
    ("ScheduleService.EnableSchedule", "schedule enable"),
    ("ScheduleService.DisableSchedule", "schedule disable"),
    ("ScheduleService.TriggerSchedule", "schedule trigger"),
    ("ScheduleService.ListExecutions", "schedule executions"),
    // With the number of one.
    ("ScheduleService.GetExecution", "schedule executions"),
    ("PolicyService.CreatePolicy", "policy create"),
    ("PolicyService.ListPolicies", "policy ls"),
    ("PolicyService.GetPolicy", "policy get"),
    ("PolicyService.UpdatePolicy", "policy update"),
    ("PolicyService.DeletePolicy", "policy rm"),
    ("PolicyService.PausePolicy", "policy pause"),
    ("PolicyService.ResumePolicy", "policy resume"),
    ("PolicyService.GetPolicyCoverage", "policy coverage"),
    ("LibraryService.ListLibrary", "library ls"),
    ("LibraryService.AddLibraryEntry", "library add"),
    ("LibraryService.ImportLibrary", "library import"),
    ("LibraryService.UpdateLibraryEntry", "library tag"),
    ("LibraryService.DeleteLibraryEntry", "library rm"),
    ("SystemService.GetSystem", "system get"),
    ("SystemService.SetLogLevel", "system log-level"),
    ("CredentialService.ListCredentials", "credential ls"),
    ("CredentialService.CreateCredential", "credential create"),
    ("CredentialService.GetCredential", "credential get"),
    ("CredentialService.UpdateCredential", "credential update"),
    ("CredentialService.DeleteCredential", "credential rm"),
    ("CredentialService.TestCredential", "credential test"),
    ("ChannelService.ListChannels", "channel ls"),
    ("ChannelService.CreateChannel", "channel create"),
    ("ChannelService.GetChannel", "channel get"),
    ("ChannelService.UpdateChannel", "channel update"),
    ("ChannelService.DeleteChannel", "channel rm"),
    ("ChannelService.TestChannel", "channel test"),
    ("ChannelService.ListDeliveries", "channel deliveries"),
    ("ChannelService.ReplayDelivery", "channel replay"),
    ("AuditService.ListAudit", "audit ls"),
    ("AuditService.ExportAudit", "audit export"),
];

fn rpcs() -> BTreeSet<String> {
    let set = FileDescriptorSet::decode(ips_proto::DESCRIPTORS).unwrap();
    let own = set.file.iter().filter(|file| file.package() == "ips.v1");
    let services = own.flat_map(|file| &file.service);
    let public = services.filter(|service| service.name() != "AgentService");
    let names = public.flat_map(|service| {
        let methods = service.method.iter();
        methods.map(move |method| format!("{}.{}", service.name(), method.name()))
    });
    names.collect()
}

#[test]
fn every_public_rpc_has_a_command() {
    let named: BTreeSet<String> = COMMANDS.iter().map(|(rpc, _)| (*rpc).to_owned()).collect();
    assert_eq!(rpcs(), named, "RPCs of the descriptors, and those of the table");
    let root = Cli::command();
    for (rpc, words) in COMMANDS {
        let found = words
            .split(' ')
            .try_fold(&root, |command, word| command.find_subcommand(word));
        assert!(found.is_some(), "{rpc}: there is no `ips {words}`");
    }
}
