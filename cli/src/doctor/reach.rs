//! Whether anybody answers, and whom he takes us for.

use super::Finding;
use tonic::Code;

const CHECK: &str = "coordinator";

/// Nobody answers.
pub fn unreachable(server: &str, why: &str) -> Finding {
    let text = why.to_lowercase();
    let advice = if ["certificate", "issuer", "tls", "handshake"]
        .iter()
        .any(|word| text.contains(word))
    {
        "the certificate is not trusted or is for another name: give the coordinator's certificate authority, and the name that stands in \
         its certificate"
    } else if text.contains("refused") {
        "start the coordinator, or give the address of its gRPC port (9443 by default) with --server or IPS_SERVER"
    } else if ["dns", "lookup", "resolve", "name or service"]
        .iter()
        .any(|word| text.contains(word))
    {
        "the name is unknown here: check --server or IPS_SERVER, and the DNS of this machine"
    } else {
        "check the address (--server or IPS_SERVER), the network and firewalls between here and there, and the coordinator's log"
    };
    Finding::error(
        CHECK,
        format!("no answer from {server}: {why}"),
        "nothing can be ordered or seen, and agents may be cut off too",
        advice,
    )
}

/// Somebody answers and refuses.
pub fn refused(code: Code, message: &str) -> Finding {
    let (what, advice) = match code {
        Code::Unauthenticated => (
            format!("you are not logged in: {message}"),
            "log in with `ips login`, or set IPS_TOKEN to an API token",
        ),
        Code::Unimplemented => (
            "the coordinator does not know this question".to_owned(),
            "it is older than this program, or the address is another server's: update it, or check --server",
        ),
        Code::PermissionDenied => (
            format!("your role does not allow to look: {message}"),
            "use a token with the scope system:read, or log in as somebody who may look",
        ),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => (
            format!("the coordinator answers with an error: {message}"),
            "look at the coordinator's log",
        ),
    };
    Finding::error(CHECK, what, "nothing else can be checked", advice)
}

/// One check was refused.
pub fn not_checked(check: &'static str, message: &str) -> Finding {
    Finding::note(
        check,
        format!("not checked: {message}"),
        "ask somebody with a larger role to run `ips doctor`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_follows_the_cause() {
        for (why, word) in [
            ("Connection refused (os error 111)", "start the coordinator"),
            ("invalid peer certificate: UnknownIssuer", "certificate authority"),
            ("failed to lookup address information: Name or service not known", "DNS"),
            ("deadline has elapsed", "firewalls"),
        ] {
            assert!(unreachable("http://c:9443", why).advice.contains(word), "{why}");
        }
        assert!(refused(Code::Unauthenticated, "").advice.contains("ips login"));
    }
}
