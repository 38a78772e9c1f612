//! Mail over SMTP. The server's name is looked up here, and the connection goes to the address that was checked.

use super::{Destination, NotifySettings, Parcel, later, message::Message, never};
use crate::{
    domain::{
        channel::{MailSecurity, MailSettings},
        delivery::{Attempt, Verdict},
    },
    outbound::allowed,
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::ExposeSecret as _;
use std::net::IpAddr;

/// Sends one mail to all receivers of the channel.
pub(super) async fn send(settings: &NotifySettings, to: &Destination, parcel: Parcel<'_>) -> Attempt {
    let Some(mail) = &to.settings.mail else {
        return never("the channel has no mail server".into());
    };
    let work = async {
        let letter = match letter(mail, to, parcel) {
            Ok(letter) => letter,
            Err(why) => return never(why),
        };
        let address = match look_up(settings, mail).await {
            Ok(address) => address,
            Err(attempt) => return attempt,
        };
        let transport = match transport(settings, mail, to, address) {
            Ok(transport) => transport,
            Err(why) => return later(why),
        };
        match transport.send(letter).await {
            Ok(_response) => Attempt {
                verdict: Verdict::Delivered,
                status: 250,
                message: String::new(),
            },
            Err(error) => failure(&error),
        }
    };
    match tokio::time::timeout(settings.limit, work).await {
        Ok(attempt) => attempt,
        Err(_elapsed) => later("timed out".into()),
    }
}

fn failure(error: &lettre::transport::smtp::Error) -> Attempt {
    let status = error.status().map_or(0, u16::from);
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        message = format!("{message}: {inner}");
        cause = inner.source();
    }
    let verdict = if error.is_permanent() {
        Verdict::Never
    } else {
        Verdict::Later(None)
    };
    Attempt {
        verdict,
        status,
        message,
    }
}

fn letter(mail: &MailSettings, to: &Destination, parcel: Parcel<'_>) -> Result<lettre::Message, String> {
    let mailbox = |address: &str| {
        address
            .parse::<Mailbox>()
            .map_err(|error| format!("{address:?}: {error}"))
    };
    let message = Message::of(parcel.event, to.language);
    let domain = mail.from.rsplit_once('@').map_or("ips", |(_, domain)| domain);
    let mut letter = lettre::Message::builder()
        .from(mailbox(&mail.from)?)
        .subject(message.title.clone())
        // The same at each attempt: a mail server that got it twice can tell.
        .message_id(Some(format!("<{}@{domain}>", parcel.id)))
        .header(ContentType::TEXT_PLAIN);
    for receiver in &mail.to {
        letter = letter.to(mailbox(receiver)?);
    }
    let text = format!("{}\n\n{}\n", message.title, message.lines());
    letter.body(text).map_err(|error| error.to_string())
}

async fn look_up(settings: &NotifySettings, mail: &MailSettings) -> Result<IpAddr, Attempt> {
    let found = tokio::net::lookup_host((mail.host.as_str(), mail.port)).await;
    let found = found.map_err(|error| later(format!("cannot find the mail server: {error}")))?;
    let allowed = allowed(found, &settings.reach);
    let allowed = allowed.map_err(|forbidden| never(format!("the mail server is refused: {forbidden}")))?;
    match allowed.first() {
        Some(address) => Ok(address.ip()),
        None => Err(later("the mail server has no address".into())),
    }
}

fn transport(
    settings: &NotifySettings,
    mail: &MailSettings,
    to: &Destination,
    address: IpAddr,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let parameters = || {
        let mut builder = TlsParameters::builder(mail.host.clone());
        if !settings.authorities.is_empty() {
            let trusted = Certificate::from_pem(&settings.authorities).map_err(|error| error.to_string())?;
            builder = builder.add_root_certificate(trusted);
        }
        builder.build_rustls().map_err(|error| error.to_string())
    };
    let tls = match mail.security {
        MailSecurity::Tls => Tls::Wrapper(parameters()?),
        MailSecurity::StartTls => Tls::Required(parameters()?),
        MailSecurity::None => Tls::None,
    };
    let domain = mail.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    // "Dangerous" only because it sets no TLS by itself; it is set here.
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
        .port(mail.port)
        .tls(tls)
        .timeout(Some(settings.limit))
        .hello_name(ClientId::Domain(domain.to_owned()));
    if let Some(password) = &to.secrets.password {
        let login = Credentials::new(mail.username.clone(), password.expose_secret().to_owned());
        builder = builder.credentials(login);
    }
    Ok(builder.build())
}
