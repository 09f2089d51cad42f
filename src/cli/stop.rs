//! Ctrl-C once stops asking and writes what is known; twice stops at once. Nothing is lost either way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use super::Output;
use crate::failure::Exit;

/// Whether and how somebody asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Cancelled at the first signal.
    pub token: CancellationToken,
    by: Arc<AtomicU8>,
}

const INTERRUPT: u8 = 1;
const TERMINATE: u8 = 2;

impl Stop {
    /// Listens for signals from now on.
    #[must_use]
    pub fn listen(output: Output) -> Self {
        let stop = Self::default();
        let heard = stop.clone();
        // On a thread of its own: whoever judges or writes a report answers to nobody meanwhile.
        std::thread::spawn(move || {
            if let Ok(runtime) = Builder::new_current_thread().enable_all().build() {
                runtime.block_on(heard.answer(output));
            }
        });
        stop
    }

    async fn answer(self, output: Output) {
        self.by.store(next_signal().await, Ordering::SeqCst);
        self.token.cancel();
        output.remark("stopping: what is known is written; the same command continues (again to stop at once)");
        quit(next_signal().await);
    }

    /// The exit code of a stopped run.
    #[must_use]
    pub fn exit(&self) -> Exit {
        exit_of(self.by.load(Ordering::SeqCst))
    }
}

fn exit_of(signal: u8) -> Exit {
    match signal {
        INTERRUPT => Exit::Interrupted,
        TERMINATE => Exit::Terminated,
        _ => Exit::Resumable,
    }
}

/// Ends the process here and now: the store is safe at any instant, and whoever asks twice means it.
#[expect(clippy::exit, reason = "the second signal means now; every transaction is whole")]
fn quit(signal: u8) {
    std::process::exit(exit_of(signal).code().into());
}

#[cfg(unix)]
async fn next_signal() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return INTERRUPT;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => INTERRUPT,
        _ = terminate.recv() => TERMINATE,
    }
}

#[cfg(not(unix))]
async fn next_signal() -> u8 {
    let _ = tokio::signal::ctrl_c().await;
    INTERRUPT
}
