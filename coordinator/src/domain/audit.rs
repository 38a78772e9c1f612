//! The audit: who did what, when, from where, with what result. A record holds names and numbers of things and never a body, so that no secret
//! can be in it.

use super::Millis;

/// Longest subject, resource and user agent, in characters.
const LONGEST: usize = 200;
/// Longest id of a request.
const LONGEST_ID: usize = 64;

/// Through which door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// REST.
    Rest,
    /// gRPC.
    Grpc,
}

impl Door {
    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Grpc => "grpc",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Rest, Self::Grpc].into_iter().find(|door| door.as_str() == word)
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditResult {
    /// It was done.
    Ok,
    /// Who asked may not, or did not say who it is.
    Denied,
    /// What was asked for breaks a rule, or the state does not allow it.
    Refused,
    /// It could not be done now, or a bug.
    Failed,
}

impl AuditResult {
    /// Every result.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Denied, Self::Refused, Self::Failed];
    /// Their words.
    pub const WORDS: [&'static str; 4] = ["ok", "denied", "refused", "failed"];

    /// Word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == word)
    }

    /// What an HTTP status means.
    pub fn of_http(status: u16) -> Self {
        match status {
            401 | 403 | 429 => Self::Denied,
            0..400 => Self::Ok,
            400..500 => Self::Refused,
            _server => Self::Failed,
        }
    }

    /// What the number of a gRPC status means.
    pub fn of_grpc(code: u16) -> Self {
        match code {
            0 => Self::Ok,
            // PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAUTHENTICATED.
            7 | 8 | 16 => Self::Denied,
            // INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED.
            3 | 5 | 6 | 9 | 11 | 12 => Self::Refused,
            _other => Self::Failed,
        }
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Names it; sorts by time.
    pub id: String,
    /// Tenant of the subject.
    pub tenant: String,
    /// When it was answered.
    pub at: Millis,
    /// Who: the name of a person, `person/token` of a program, `anonymous`, or `unknown` for who did not say.
    pub subject: String,
    /// Through which door.
    pub door: Door,
    /// What: the operation's id, the same at both doors.
    pub operation: String,
    /// To what: the path below the API, for example `tasks/nightly`.
    pub resource: String,
    /// What came of it.
    pub result: AuditResult,
    /// HTTP status, or number of the gRPC status.
    pub status: u16,
    /// Id of the request, which the log has too.
    pub request_id: String,
    /// Address that it came from; empty when unknown.
    pub source: String,
    /// What the client calls itself.
    pub user_agent: String,
}

impl AuditRecord {
    /// Nothing that a client says makes a record longer than a line or looks like another one.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            subject: line(&self.subject, LONGEST),
            resource: line(&self.resource, LONGEST),
            request_id: line(&self.request_id, LONGEST_ID),
            user_agent: line(&self.user_agent, LONGEST),
            ..self
        }
    }
}

fn line(text: &str, longest: usize) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.take(longest).collect()
}

/// Which records; `None` and empty mean all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this tenant.
    pub tenant: Option<String>,
    /// Not before.
    pub from: Option<Millis>,
    /// Before.
    pub to: Option<Millis>,
    /// Of this subject.
    pub subject: Option<String>,
    /// Of this operation.
    pub operation: Option<String>,
    /// To this resource, or what is below it.
    pub resource: Option<String>,
    /// With one of these results.
    pub results: Vec<AuditResult>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_a_meaning() {
        for (status, result) in [
            (201, "ok"),
            (304, "ok"),
            (401, "denied"),
            (403, "denied"),
            (404, "refused"),
            (503, "failed"),
        ] {
            assert_eq!(AuditResult::of_http(status).as_str(), result, "{status}");
        }
        for (code, result) in [
            (0, "ok"),
            (16, "denied"),
            (7, "denied"),
            (3, "refused"),
            (14, "failed"),
            (13, "failed"),
            (1, "failed"),
        ] {
            assert_eq!(AuditResult::of_grpc(code).as_str(), result, "{code}");
        }
        for result in AuditResult::ALL {
            assert_eq!(AuditResult::parse(result.as_str()), Some(result));
        }
    }

    #[test]
    fn a_record_stays_one_short_line() {
        let record = AuditRecord {
            id: "i".into(),
            tenant: "default".into(),
            at: 1,
            subject: "a\nb".into(),
            door: Door::Rest,
            operation: "create_task".into(),
            resource: "x".repeat(5000),
            result: AuditResult::Ok,
            status: 201,
            request_id: "r".into(),
            source: "127.0.0.1".into(),
            user_agent: "curl\r\nX: y".into(),
        };
        let record = record.bounded();
        assert_eq!(
            (record.subject.as_str(), record.user_agent.as_str()),
            ("a b", "curl  X: y")
        );
        assert_eq!(record.resource.len(), LONGEST);
    }
}
