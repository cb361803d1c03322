//! `rollbook sandbox`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::error::Error;
use crate::exit::Exit;
use crate::sandbox::{Faults, Limits, Options, Sandbox, Seed, serve};

use super::{Session, block_on};
use crate::files::{Readers, read_text, replace};

/// The largest seed that is read, in bytes.
const LARGEST_SEED: u64 = 512 << 20;

/// The arguments of `sandbox`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The site to start from, as YAML; examples/acme/sandbox.yaml is one
    #[arg(long, value_name = "FILE")]
    seed: PathBuf,
    /// Where to listen; loopback only, and port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Start from this file if it exists, and save the site to it at the end
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// How long every response takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// How long a change stays invisible to reads, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    lag: u64,
    /// How many requests a route takes a second: `atlassian` for the published limits, `off`, or a number
    #[arg(long, value_name = "LIMITS", default_value = "off", value_parser = limits)]
    limits: Limits,
    /// The share of requests that fail, such as `429=0.05,reset=0.01`, or `off`
    ///
    /// Each request to any route but `/_sandbox/` may fail in one of these ways:
    ///
    /// - 429: nothing is done; with each set of headers that Atlassian is known to send
    /// - 500, 502, 503: before the work or after it; as JSON, as a web page or empty
    /// - reset: the connection is cut before the work, after it, or in the middle of the response
    /// - stall: the response never arrives, or only its first half does
    /// - truncate: half of the response is sent as if it were complete
    /// - gzip: the response claims to be gzip, but is not, or ends early
    /// - html: a web page is sent instead, before the work or after it
    /// - lost-reply: the work is done, and the connection cut
    /// - slow: the response is sent in pieces, half a second apart
    /// - moving: a read sees the site as if somebody had just joined or left a group; it is undone at once
    #[arg(long, value_name = "SPEC", default_value = "off", verbatim_doc_comment)]
    faults: Faults,
    /// The source of IDs, tokens and the hidden order of people
    #[arg(long, value_name = "N", default_value_t = 0)]
    rng_seed: u64,
}

fn limits(text: &str) -> Result<Limits, String> {
    match text {
        "off" => Ok(Limits::Off),
        "atlassian" => Ok(Limits::Atlassian),
        number => match number.parse() {
            Ok(rate) if rate > 0 => Ok(Limits::PerSecond(rate)),
            Ok(_) | Err(_) => Err("`atlassian`, `off` or it needs a whole number from 1".into()),
        },
    }
}

/// Serves a sandbox until Ctrl-C, and saves its state if requested.
///
/// # Errors
/// [`Error`] when the seed or the socket cannot be used.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    if !arguments.listen.ip().is_loopback() {
        // Anybody who reaches it may change it, and its tokens are printed.
        let why = format!("the sandbox serves on loopback only, and {} is not", arguments.listen.ip());
        return Err(Error::Usage(why));
    }
    let sandbox = Sandbox::new(&seed(arguments)?, &arguments.options())
        .map_err(|source| Error::Seed { path: arguments.seed.clone(), source })?;
    block_on(async {
        let listener = tokio::net::TcpListener::bind(arguments.listen)
            .await
            .map_err(Error::io(format!("failed to listen on {}", arguments.listen)))?;
        let address = listener.local_addr().map_err(Error::io("failed to listen"))?;
        let url = format!("http://{address}");
        session.data(&format!("listening on {url}\n{}", exports(&sandbox, &url)))?;
        let interrupted = async {
            // If the signal fails, the process ends as usual.
            let _ = tokio::signal::ctrl_c().await;
        };
        serve(&sandbox, listener, interrupted).await.map_err(Error::io("failed to serve"))
    })?;
    if let Some(path) = &arguments.state {
        save(&sandbox, path)?;
    }
    Ok(Exit::Done)
}

fn seed(arguments: &Arguments) -> Result<Seed, Error> {
    let saved = arguments.state.as_ref().filter(|path| path.exists());
    let path = saved.unwrap_or(&arguments.seed);
    let text =
        read_text(path, LARGEST_SEED).map_err(Error::io(format!("failed to read {}", path.display())))?;
    Seed::parse(&text).map_err(|source| Error::Seed { path: path.clone(), source })
}

fn save(sandbox: &Sandbox, path: &Path) -> Result<(), Error> {
    let to_save = sandbox.to_seed().to_yaml();
    let text = to_save.map_err(|source| Error::Seed { path: path.to_path_buf(), source })?;
    replace(path, &text, Readers::Owner).map_err(Error::io(format!("failed to save {}", path.display())))
}

/// The lines that make a shell use the sandbox.
fn exports(sandbox: &Sandbox, url: &str) -> String {
    let quoted = |value: &str| format!("'{}'", value.replace('\'', r"'\''"));
    let lines =
        sandbox.exports(url).into_iter().map(|(name, value)| format!("export {name}={}\n", quoted(&value)));
    lines.collect()
}

impl Arguments {
    fn options(&self) -> Options {
        Options {
            latency: Duration::from_millis(self.latency),
            lag: Duration::from_millis(self.lag),
            limits: self.limits,
            faults: self.faults.clone(),
            rng_seed: self.rng_seed,
            epoch: None,
        }
    }
}
