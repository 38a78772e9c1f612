//! The protocol only grows: what agents, clients and stored descriptors rely on is never removed, renumbered or retyped, and
//! everything is explained. The golden file is the memory; `UPDATE_GOLDEN=1` adds to it and takes nothing away.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

use prost::Message as _;
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use std::{collections::BTreeSet, fs, path::PathBuf};

fn own_files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(ips_proto::DESCRIPTORS).unwrap();
    set.file.into_iter().filter(|file| file.package() == "ips.v1").collect()
}

fn golden_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ips.v1.txt")
}

/// Every promise of the protocol as one line.
fn promises() -> BTreeSet<String> {
    own_files().iter().flat_map(file_promises).collect()
}

fn file_promises(file: &FileDescriptorProto) -> Vec<String> {
    let mut lines = vec![];
    file.message_type
        .iter()
        .for_each(|message| message_promises("", message, &mut lines));
    file.enum_type.iter().for_each(|it| enum_promises("", it, &mut lines));
    for service in &file.service {
        for rpc in &service.method {
            let streams = |streaming| if streaming { "stream " } else { "" };
            lines.push(format!(
                "rpc {}.{}({}{}) -> {}{}",
                service.name(),
                rpc.name(),
                streams(rpc.client_streaming()),
                rpc.input_type(),
                streams(rpc.server_streaming()),
                rpc.output_type()
            ));
        }
    }
    lines
}

fn message_promises(outer: &str, message: &DescriptorProto, lines: &mut Vec<String>) {
    let name = format!("{outer}{}", message.name());
    lines.push(format!("message {name}"));
    for field in &message.field {
        lines.push(format!(
            "field {name}.{} = {} {}",
            field.name(),
            field.number(),
            kind(field)
        ));
    }
    for range in &message.reserved_range {
        // The end of a range is exclusive in descriptors.
        let reserved = (range.start()..range.end()).map(|number| format!("reserved {name} {number}"));
        lines.extend(reserved);
    }
    let outer = format!("{name}.");
    message
        .nested_type
        .iter()
        .for_each(|nested| message_promises(&outer, nested, lines));
    message.enum_type.iter().for_each(|it| enum_promises(&outer, it, lines));
}

fn enum_promises(outer: &str, it: &EnumDescriptorProto, lines: &mut Vec<String>) {
    for value in &it.value {
        lines.push(format!(
            "value {outer}{}.{} = {}",
            it.name(),
            value.name(),
            value.number()
        ));
    }
}

fn kind(field: &FieldDescriptorProto) -> String {
    let presence = match (field.proto3_optional(), field.oneof_index) {
        (true, _) => " optional",
        (false, Some(_)) => " oneof",
        (false, None) => "",
    };
    let name = field.type_name().trim_start_matches('.');
    format!("{:?} {:?}{presence} {name}", field.label(), field.r#type())
        .trim_end()
        .to_owned()
}

#[test]
fn nothing_is_removed_renumbered_or_retyped() {
    let found = promises();
    let golden = fs::read_to_string(golden_path()).unwrap_or_default();
    let golden: BTreeSet<String> = golden.lines().map(str::to_owned).collect();
    let broken: Vec<_> = golden.difference(&found).collect();
    assert!(
        broken.is_empty(),
        "these promises were removed or changed; fields are only ever added: {broken:#?}"
    );
    let added: Vec<_> = found.difference(&golden).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let mut text = found.iter().cloned().collect::<Vec<_>>().join("\n");
        text.push('\n');
        fs::write(golden_path(), text).unwrap();
    } else {
        assert!(
            added.is_empty(),
            "new promises; add them with UPDATE_GOLDEN=1: {added:#?}"
        );
    }
}

#[test]
fn every_zero_value_of_an_enum_means_not_set() {
    let zeros = promises()
        .into_iter()
        .filter(|line| line.starts_with("value ") && line.ends_with(" = 0"));
    for line in zeros {
        assert!(line.contains("_UNSPECIFIED = "), "{line}");
    }
}

#[test]
fn everything_has_a_comment() {
    let bare: Vec<String> = own_files().iter().flat_map(bare_of_file).collect();
    assert!(
        bare.is_empty(),
        "these have no comment (meaning, unit, who sets it, what zero means): {bare:#?}"
    );
}

/// Field numbers of `descriptor.proto` that make up a location's path.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const MEMBERS: i32 = 2;
const NESTED_MESSAGES: i32 = 3;
const NESTED_ENUMS: i32 = 4;

fn bare_of_file(file: &FileDescriptorProto) -> Vec<String> {
    let mut places = vec![];
    for (index, message) in file.message_type.iter().enumerate() {
        message_places(&[MESSAGES, index as i32], message, &mut places);
    }
    for (index, it) in file.enum_type.iter().enumerate() {
        enum_places(&[ENUMS, index as i32], it, &mut places);
    }
    for (index, service) in file.service.iter().enumerate() {
        let path = [SERVICES, index as i32];
        places.push((path.to_vec(), service.name().to_owned()));
        let methods = service.method.iter().enumerate();
        places.extend(methods.map(|(at, rpc)| (member(&path, at), format!("{}.{}", service.name(), rpc.name()))));
    }
    let explained = explained_paths(file);
    places
        .into_iter()
        .filter(|(path, _)| !explained.contains(path))
        .map(|(_, name)| name)
        .collect()
}

fn message_places(path: &[i32], message: &DescriptorProto, places: &mut Vec<(Vec<i32>, String)>) {
    if message.options.as_ref().is_some_and(|options| options.map_entry()) {
        return;
    }
    places.push((path.to_vec(), message.name().to_owned()));
    let fields = message.field.iter().enumerate();
    places.extend(fields.map(|(at, field)| (member(path, at), format!("{}.{}", message.name(), field.name()))));
    for (index, nested) in message.nested_type.iter().enumerate() {
        message_places(&[path, &[NESTED_MESSAGES, index as i32]].concat(), nested, places);
    }
    for (index, it) in message.enum_type.iter().enumerate() {
        enum_places(&[path, &[NESTED_ENUMS, index as i32]].concat(), it, places);
    }
}

fn enum_places(path: &[i32], it: &EnumDescriptorProto, places: &mut Vec<(Vec<i32>, String)>) {
    places.push((path.to_vec(), it.name().to_owned()));
    let values = it.value.iter().enumerate();
    places.extend(values.map(|(at, value)| (member(path, at), value.name().to_owned())));
}

fn member(path: &[i32], at: usize) -> Vec<i32> {
    [path, &[MEMBERS, at as i32]].concat()
}

fn explained_paths(file: &FileDescriptorProto) -> BTreeSet<Vec<i32>> {
    let source = file
        .source_code_info
        .as_ref()
        .expect("the descriptors keep their comments");
    let explained = source.location.iter().filter(|place| {
        let comment = [place.leading_comments(), place.trailing_comments()].concat();
        !comment.trim().is_empty()
    });
    explained.map(|place| place.path.clone()).collect()
}
