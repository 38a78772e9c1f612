//! The audit over gRPC: the same records as over REST, of whatever the messages name.

use crate::stand::Stand;
use futures::StreamExt as _;
use ips_proto::v1;
use std::time::Duration;
use tonic::{Code, Request};

async fn until(stand: &Stand, count: usize) -> Vec<v1::AuditRecord> {
    let mut client = stand.audit().await;
    for _ in 0..250 {
        let page = client
            .list_audit(v1::ListAuditRequest::default())
            .await
            .unwrap()
            .into_inner();
        // A record that is saved while the list is read may be on the page and not in the count.
        if page.records.len() >= count && page.total as usize >= count {
            assert_eq!((page.records.len(), page.total as usize), (count, count));
            return page.records;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no {count} records");
}

#[tokio::test]
async fn changes_are_recorded_with_what_they_name_at_both_doors() {
    let stand = Stand::start().await;
    let mut credentials = stand.credentials().await;
    let mut create = Request::new(v1::CreateCredentialRequest {
        name: "harbor".into(),
        registry: "harbor.corp".into(),
        username: "u".into(),
        password: "canary-password".into(),
    });
    create
        .metadata_mut()
        .insert("x-request-id", "from-the-test".parse().unwrap());
    credentials.create_credential(create).await.unwrap();
    let mut tasks = stand.tasks().await;
    let cancel = v1::CancelTaskRequest {
        task_id: "nightly".into(),
    };
    assert_eq!(tasks.cancel_task(cancel).await.unwrap_err().code(), Code::NotFound);
    tasks.list_tasks(v1::ListTasksRequest::default()).await.unwrap();
    let (status, _) = stand.rest("DELETE", "/api/v1/secrets/1", None).await;
    assert_eq!(status, 204);
    let mut all = until(&stand, 3).await;
    all.reverse();
    let said: Vec<String> = all
        .iter()
        .map(|it| {
            format!(
                "{} {} {} {} {}",
                it.door, it.subject, it.operation, it.resource, it.status
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "grpc anonymous create_secret secrets/1 0",
            "grpc anonymous cancel_task tasks/nightly 5",
            "rest anonymous delete_secret secrets/1 204",
        ]
    );
    assert_eq!(
        (all[0].request_id.as_str(), all[0].source.as_str()),
        ("from-the-test", "127.0.0.1")
    );
    assert!(
        all[0].user_agent.contains("tonic") && all[2].source == "127.0.0.1",
        "{all:?}"
    );
    assert!(!format!("{all:?}").contains("canary"));
    let filter = v1::AuditFilter {
        resource: "secrets".into(),
        results: vec![v1::AuditResult::Ok.into()],
        ..v1::AuditFilter::default()
    };
    let request = v1::ExportAuditRequest { filter: Some(filter) };
    let exported = stand.audit().await.export_audit(request).await.unwrap().into_inner();
    let exported: Vec<_> = exported.map(Result::unwrap).collect().await;
    assert_eq!(exported, [all[0].clone(), all[2].clone()]);
}
