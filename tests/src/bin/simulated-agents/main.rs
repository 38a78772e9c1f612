//! Thousands of agents without a runtime in one process; see `ips_tests::simulated`. Its only argument is JSON.

use std::process::ExitCode;

use ips_tests::simulated::{self, Options};
use tikv_jemallocator::Jemalloc;

/// Ten thousand agents share two cores with what is measured: they should not spend them on memory.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let options = std::env::args().nth(1).unwrap_or_default();
    let options: Options = match serde_json::from_str(&options) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("the argument must be the options as JSON: {error}");
            return ExitCode::from(2);
        }
    };
    match simulated::run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulated agents: {error:#}");
            ExitCode::FAILURE
        }
    }
}
