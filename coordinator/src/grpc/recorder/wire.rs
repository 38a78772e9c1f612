//! Reads one field of a message that goes by: the one that names the thing. Which one that is, the descriptors of the protocol say.

use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet, field_descriptor_proto::Type};
use std::collections::HashMap;

/// Bytes of a message that are looked at; what names a thing stands in front.
const SEEN: usize = 512;
/// Longest name that is read, in bytes.
const LONGEST: usize = 256;
/// Bytes before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// Field by which a message names a thing, and where REST has such things.
const NOUNS: [(&str, &str); 10] = [
    ("task_id", "tasks"),
    ("schedule_id", "scheduled-tasks"),
    ("policy_id", "policies"),
    ("credential_id", "secrets"),
    ("entry_id", "library"),
    ("channel_id", "channels"),
    ("delivery_id", "deliveries"),
    ("user_id", "users"),
    ("token_id", "tokens"),
    ("tenant_id", "tenants"),
];

/// The field of a message that names a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    field: u64,
    is_text: bool,
    noun: &'static str,
}

/// What names things in a call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Call {
    /// In what is asked.
    pub(super) request: Option<Name>,
    /// In what is answered.
    pub(super) answer: Option<Name>,
}

/// Of every call.
#[derive(Debug)]
pub(super) struct Names(HashMap<String, Call>);

impl Names {
    pub(super) fn of_protocol() -> Self {
        // The descriptors are made with the program; those that cannot be read name nothing.
        let set = FileDescriptorSet::decode(ips_proto::DESCRIPTORS).unwrap_or_default();
        let own: Vec<_> = set.file.iter().filter(|file| file.package() == "ips.v1").collect();
        let message = |name: &str| {
            let short = name.trim_start_matches(".ips.v1.").to_owned();
            let mut all = own.iter().flat_map(|file| &file.message_type);
            all.find(|message| message.name() == short)
        };
        let mut calls = HashMap::new();
        for service in own.iter().flat_map(|file| &file.service) {
            for method in &service.method {
                let call = Call {
                    request: message(method.input_type()).and_then(name_of),
                    answer: message(method.output_type()).and_then(name_of),
                };
                calls.insert(format!("/ips.v1.{}/{}", service.name(), method.name()), call);
            }
        }
        Self(calls)
    }

    pub(super) fn of_call(&self, path: &str) -> Call {
        self.0.get(path).copied().unwrap_or_default()
    }
}

fn name_of(message: &DescriptorProto) -> Option<Name> {
    NOUNS.iter().find_map(|(field, noun)| {
        let found = message.field.iter().find(|it| it.name() == *field)?;
        let is_text = found.r#type() == Type::String;
        if !is_text && found.r#type() != Type::Int64 {
            return None;
        }
        Some(Name {
            field: u64::try_from(found.number()).ok()?,
            is_text,
            noun,
        })
    })
}

/// The beginning of a message that goes by.
#[derive(Debug)]
pub(super) struct Peeked {
    name: Name,
    seen: Vec<u8>,
}

impl Peeked {
    pub(super) fn new(name: Name) -> Self {
        Self { name, seen: vec![] }
    }

    pub(super) fn see(&mut self, data: &[u8]) {
        let room = (SEEN + PREFIX).saturating_sub(self.seen.len());
        self.seen.extend_from_slice(&data[..data.len().min(room)]);
    }

    /// The thing as a path, if it was named.
    pub(super) fn resource(self) -> Option<String> {
        let message = self.seen.get(PREFIX..).filter(|_| self.seen.first() == Some(&0))?;
        let id = find(message, self.name)?;
        Some(format!("{}/{id}", self.name.noun))
    }
}

/// Walks over the fields of the outermost message until the one that is looked for.
fn find(mut rest: &[u8], name: Name) -> Option<String> {
    loop {
        let key = varint(&mut rest)?;
        let is_it = key >> 3 == name.field;
        match key & 7 {
            0 => {
                let number = varint(&mut rest)?;
                if is_it && !name.is_text {
                    return (number != 0).then(|| number.to_string());
                }
            }
            1 => rest = rest.get(8..)?,
            2 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                if is_it && name.is_text {
                    let text = rest.get(..length).filter(|text| text.len() <= LONGEST)?;
                    let text = std::str::from_utf8(text).ok()?;
                    return (!text.is_empty()).then(|| text.to_owned());
                }
                rest = rest.get(length..)?;
            }
            5 => rest = rest.get(4..)?,
            _group_or_nonsense => return None,
        }
    }
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use ips_proto::v1;

    fn framed(message: &impl prost::Message) -> Vec<u8> {
        [vec![0, 0, 0, 0, 9], message.encode_to_vec()].concat()
    }

    fn seen(name: Option<Name>, bytes: &[u8]) -> Option<String> {
        let mut peeked = Peeked::new(name.unwrap());
        // As it comes over the network.
        bytes.chunks(7).for_each(|part| peeked.see(part));
        peeked.resource()
    }

    #[test]
    fn what_a_call_is_about_is_read_from_its_messages() {
        let names = Names::of_protocol();
        let cancel = names.of_call("/ips.v1.TaskService/CancelTask");
        let request = v1::CancelTaskRequest {
            task_id: "nightly".into(),
        };
        assert_eq!(
            seen(cancel.request, &framed(&request)).as_deref(),
            Some("tasks/nightly")
        );
        let create = names.of_call("/ips.v1.CredentialService/CreateCredential");
        assert_eq!(create.request, None, "a new one has no number yet");
        let answer = v1::Credential {
            credential_id: 7,
            name: "n".into(),
            ..v1::Credential::default()
        };
        assert_eq!(seen(create.answer, &framed(&answer)).as_deref(), Some("secrets/7"));
        let update = names.of_call("/ips.v1.CredentialService/UpdateCredential");
        let request = v1::UpdateCredentialRequest {
            credential_id: 7,
            password: "canary".repeat(1000),
            ..v1::UpdateCredentialRequest::default()
        };
        assert_eq!(seen(update.request, &framed(&request)).as_deref(), Some("secrets/7"));
    }

    #[test]
    fn nonsense_names_nothing() {
        let names = Names::of_protocol();
        let name = names.of_call("/ips.v1.TaskService/CancelTask").request;
        for bytes in [
            vec![],
            vec![0; 5],
            vec![1, 0, 0, 0, 3, 10, 1, b'x'],
            vec![0, 0, 0, 0, 3, 10, 200, b'x'],
            vec![
                0, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            ],
            vec![0, 0, 0, 0, 1, 7],
        ] {
            assert_eq!(seen(name, &bytes), None, "{bytes:?}");
        }
    }
}
