//! What the engine's errors are in gRPC, exhaustively. The message names the field and the rule; the details carry the field again
//! as `google.rpc.BadRequest`, for programs.

use crate::{domain::Invalid, engine::error::EngineError, identity::IdentityError};
use prost::Message as _;
use tonic::{Code, Status};

/// The status for an error of the engine. A bug is logged here, once, and shown only as a number to ask for.
pub(super) fn of(error: EngineError) -> Status {
    match error {
        EngineError::Invalid(invalid) => of_invalid(&invalid),
        EngineError::NotFound { .. } => Status::not_found(error.to_string()),
        EngineError::AlreadyExists { .. } => Status::already_exists(error.to_string()),
        EngineError::Precondition(message) => Status::failed_precondition(message),
        EngineError::OverQuota { message, .. } => Status::resource_exhausted(message),
        EngineError::Unavailable(message) => Status::unavailable(message),
        EngineError::Internal(source) => of_bug(source.as_ref()),
    }
}

/// The status for an error of identity.
pub(super) fn of_identity(error: IdentityError) -> Status {
    let said = error.to_string();
    match error {
        IdentityError::NoLogin | IdentityError::NotBearer | IdentityError::BadToken | IdentityError::WrongPassword => {
            Status::unauthenticated(said)
        }
        IdentityError::Forbidden(why) => Status::permission_denied(format!("{said}: {why}")),
        IdentityError::PasswordChangeRequired => Status::permission_denied(format!("password_change_required: {said}")),
        IdentityError::TooManyTries { .. } => Status::resource_exhausted(said),
        IdentityError::Invalid(invalid) => of_invalid(&invalid),
        IdentityError::NotFound { .. } => Status::not_found(said),
        IdentityError::AlreadyExists { .. } => Status::already_exists(said),
        IdentityError::Precondition(message) => Status::failed_precondition(message),
        IdentityError::Unavailable(message) => Status::unavailable(message),
        IdentityError::Internal(source) => of_bug(source.as_ref()),
    }
}

fn of_bug(source: &(dyn std::error::Error + Send + Sync)) -> Status {
    let request_id = uuid::Uuid::now_v7();
    tracing::error!(request.id = %request_id, error = %source, "A gRPC call failed");
    Status::internal(format!("internal error; the log has it under request.id {request_id}"))
}

/// The status for a field that breaks a rule.
pub(super) fn of_invalid(invalid: &Invalid) -> Status {
    let message = invalid.to_string();
    let details = RpcStatus::bad_request(&message, invalid).encode_to_vec();
    Status::with_details(Code::InvalidArgument, message, details.into())
}

/// `google.rpc.Status`, the form of details that gRPC clients know.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// `google.rpc.BadRequest`.
#[derive(Clone, PartialEq, prost::Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

/// `google.rpc.BadRequest.FieldViolation`.
#[derive(Clone, PartialEq, prost::Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

impl RpcStatus {
    fn bad_request(message: &str, invalid: &Invalid) -> Self {
        let violation = FieldViolation {
            field: invalid.field.clone(),
            description: invalid.rule.clone(),
        };
        let bad_request = BadRequest {
            field_violations: vec![violation],
        };
        Self {
            code: Code::InvalidArgument as i32,
            message: message.to_owned(),
            details: vec![prost_types::Any {
                type_url: "type.googleapis.com/google.rpc.BadRequest".to_owned(),
                value: bad_request.encode_to_vec(),
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_bad_field_is_named_in_the_message_and_in_the_details() {
        let status = of(Invalid::new("batchSize", "0 is out of range, allowed are 1 to 100").into());
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.message(), "batchSize: 0 is out of range, allowed are 1 to 100");
        let details = RpcStatus::decode(status.details()).unwrap();
        let bad_request = BadRequest::decode(details.details[0].value.as_slice()).unwrap();
        assert_eq!(bad_request.field_violations[0].field, "batchSize");
    }

    #[test]
    fn each_error_has_its_code_and_a_bug_shows_nothing_of_itself() {
        let name = |kind| (kind, "x".to_owned());
        let (kind, id) = name("task");
        assert_eq!(of(EngineError::NotFound { kind, id }).code(), Code::NotFound);
        let (kind, id) = name("task");
        assert_eq!(of(EngineError::AlreadyExists { kind, id }).code(), Code::AlreadyExists);
        assert_eq!(
            of(EngineError::Precondition("p".into())).code(),
            Code::FailedPrecondition
        );
        assert_eq!(of(EngineError::Unavailable("u".into())).code(), Code::Unavailable);
        let bug = of(EngineError::Internal("secret path".into()));
        assert_eq!(bug.code(), Code::Internal);
        assert!(!bug.message().contains("secret"), "{}", bug.message());
    }
}
