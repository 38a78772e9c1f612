//! `ips library …`.

use crate::{
    args::{AddArgs, LibraryCommand},
    connect::{Server, call},
    error::{self, CliError},
    human::{between, now_ms},
    output::{self, Format, json, table},
    words,
};
use ips_proto::v1;
use std::{io::Read as _, path::Path, process::ExitCode};
use tonic::Code;

/// Entries asked for at a time, and sent in one import.
const PAGE: u32 = 1000;

/// Runs the command.
pub async fn run(server: &Server, format: Format, command: LibraryCommand) -> Result<ExitCode, CliError> {
    match command {
        LibraryCommand::Add(args) => add(server, format, args).await?,
        LibraryCommand::Ls { tag, limit, offset } => {
            list(server, format, tag.unwrap_or_default(), limit, offset).await?;
        }
        LibraryCommand::Rm { ids } => remove(server, ids).await?,
        LibraryCommand::Import { file, tags } => return import(server, format, &file, &tags).await,
        LibraryCommand::Tag { id, tags } => tag(server, format, id, tags).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(server: &Server, format: Format, args: AddArgs) -> Result<(), CliError> {
    let request = v1::AddLibraryEntryRequest {
        name: args.name,
        image: args.image,
        tags: args.tags,
    };
    let mut client = server.library().await?;
    let added = client.add_library_entry(call(request)).await;
    let added = added.map_err(|status| server.error(status))?.into_inner();
    one(format, &added, " added")
}

async fn page(server: &Server, tag: &str, limit: u32, offset: u32) -> Result<v1::ListLibraryResponse, CliError> {
    let request = v1::ListLibraryRequest {
        tag: tag.to_owned(),
        limit,
        offset,
        tenant: server.tenant(),
    };
    let mut client = server.library().await?;
    let found = client.list_library(call(request)).await;
    Ok(found.map_err(|status| server.error(status))?.into_inner())
}

async fn list(server: &Server, format: Format, tag: String, limit: u32, offset: u32) -> Result<(), CliError> {
    let found = page(server, &tag, limit, offset).await?;
    match format {
        Format::Json => output::object(&serde_json::json!({
            "images": found.entries.iter().map(json::LibraryImage::from).collect::<Vec<_>>(),
            "total": found.total, "limit": limit, "offset": offset,
        })),
        Format::Name => found
            .entries
            .iter()
            .try_for_each(|it| output::line(&format!("image/{}", it.entry_id))),
        Format::Table if found.entries.is_empty() => {
            eprintln!("No images found.");
            Ok(())
        }
        Format::Table => {
            let rows: Vec<_> = found.entries.iter().map(|it| row(it, now_ms())).collect();
            output::line(&table(&["ID", "NAME", "IMAGE", "TAGS", "AGE"], &rows))
        }
    }
}

fn row(entry: &v1::LibraryEntry, now_ms: i64) -> Vec<String> {
    vec![
        entry.entry_id.to_string(),
        entry.name.clone(),
        entry.image.clone(),
        entry.tags.join(","),
        between(entry.created_at_ms, now_ms),
    ]
}

fn one(format: Format, entry: &v1::LibraryEntry, done: &str) -> Result<(), CliError> {
    match format {
        Format::Json => output::object(&json::LibraryImage::from(entry)),
        Format::Name => output::line(&format!("image/{}", entry.entry_id)),
        Format::Table => output::line(&format!("image/{}{done}", entry.entry_id)),
    }
}

async fn remove(server: &Server, ids: Vec<i64>) -> Result<(), CliError> {
    let mut client = server.library().await?;
    for entry_id in ids {
        let gone = client
            .delete_library_entry(call(v1::DeleteLibraryEntryRequest { entry_id }))
            .await;
        gone.map_err(|status| server.error(status))?;
        output::line(&format!("image/{entry_id} deleted"))?;
    }
    Ok(())
}

async fn import(server: &Server, format: Format, file: &Path, tags: &[String]) -> Result<ExitCode, CliError> {
    let entries = entries_of(&text_of(file)?, tags);
    if entries.is_empty() {
        return Err(CliError::Usage(format!("{} names no image", file.display())));
    }
    let mut client = server.library().await?;
    let mut results = vec![];
    for part in entries.chunks(PAGE as usize) {
        let request = v1::ImportLibraryRequest { entries: part.to_vec() };
        let answer = client.import_library(call(request)).await;
        results.extend(answer.map_err(|status| server.error(status))?.into_inner().results);
    }
    let count = |wanted| results.iter().filter(|it| it.result() == wanted).count();
    let refused = count(v1::ImportResult::Refused);
    let (added, existed) = (count(v1::ImportResult::Added), count(v1::ImportResult::Existed));
    match format {
        Format::Json => output::object(&serde_json::json!({
            "results": results.iter().map(json::Imported::from).collect::<Vec<_>>(),
            "added": added, "existed": existed, "refused": refused,
        }))?,
        Format::Name | Format::Table => {
            for it in results.iter().filter(|it| it.result() == v1::ImportResult::Refused) {
                output::line(&format!("{}: {}", words::import_result(it.result), it.message))?;
            }
            output::line(&format!("{added} added, {existed} existed, {refused} refused"))?;
        }
    }
    Ok(if refused == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(error::FAILURE)
    })
}

fn text_of(file: &Path) -> Result<String, CliError> {
    let unreadable = |error| CliError::Usage(format!("{}: {error}", file.display()));
    if file != Path::new("-") {
        return std::fs::read_to_string(file).map_err(unreadable);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// One image a line, and after it its name; what follows a `#` is a remark.
fn entries_of(text: &str, tags: &[String]) -> Vec<v1::AddLibraryEntryRequest> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or("").trim());
    let entries = lines.filter(|line| !line.is_empty()).map(|line| {
        let (image, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        v1::AddLibraryEntryRequest {
            image: image.to_owned(),
            name: name.trim().to_owned(),
            tags: tags.to_vec(),
        }
    });
    entries.collect()
}

async fn tag(server: &Server, format: Format, id: i64, tags: Vec<String>) -> Result<(), CliError> {
    let old = find(server, id).await?;
    let request = v1::UpdateLibraryEntryRequest {
        entry_id: id,
        name: old.name,
        image: old.image,
        tags,
    };
    let mut client = server.library().await?;
    let changed = client.update_library_entry(call(request)).await;
    let changed = changed.map_err(|status| server.error(status))?.into_inner();
    one(format, &changed, " changed")
}

async fn find(server: &Server, id: i64) -> Result<v1::LibraryEntry, CliError> {
    let mut offset = 0;
    loop {
        let found = page(server, "", PAGE, offset).await?;
        let read = u32::try_from(found.entries.len()).unwrap_or(u32::MAX);
        if let Some(entry) = found.entries.into_iter().find(|it| it.entry_id == id) {
            return Ok(entry);
        }
        offset += read;
        if read < PAGE {
            let status = tonic::Status::new(Code::NotFound, format!("image \"{id}\" not found"));
            return Err(CliError::Refused(Box::new(status)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_an_image_a_line() {
        let entries = entries_of("# ours\nnginx:1  Web server\n\nredis:7 # cache\n", &["prod".to_owned()]);
        let shown: Vec<_> = entries
            .iter()
            .map(|it| (it.image.as_str(), it.name.as_str(), it.tags.len()))
            .collect();
        assert_eq!(shown, [("nginx:1", "Web server", 1), ("redis:7", "", 1)]);
    }
}
