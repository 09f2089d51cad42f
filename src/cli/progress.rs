//! Progress on standard error: a line a question on a terminal, a plain line now and then elsewhere.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Output;
use crate::collector::Board;
use crate::evidence::question::Question;
use crate::transport::gate::human;
use crate::transport::stats::Traffic;
use crate::transport::{ScopeId, Transport};

/// How often a terminal is drawn, and how often a log gets a line.
const DRAW: Duration = Duration::from_millis(200);
const LOG: Duration = Duration::from_secs(30);

/// Questions as progress shows them, with the service each waits for.
const SHOWN: [(Question, &str, ScopeId); 6] = [
    (Question::Directory, "directory", ScopeId::Directory),
    (Question::Cas, "EWS settings", ScopeId::ExchangeAdmin),
    (Question::Recipient, "mailbox kind", ScopeId::ExchangeAdmin),
    (Question::Graph, "Graph mailbox", ScopeId::Mailbox),
    (Question::Routing, "Autodiscover", ScopeId::Autodiscover),
    (Question::Ews, "EWS", ScopeId::Ews),
];

/// A question as it is told to people.
#[must_use]
pub fn name(question: Question) -> &'static str {
    SHOWN.iter().find(|(shown, ..)| *shown == question).map_or("an added question", |(_, name, _)| name)
}

/// Progress under way.
pub struct Progress {
    task: JoinHandle<()>,
    board: Arc<Board>,
    transport: Arc<Transport>,
    bars: Option<MultiProgress>,
    output: Output,
}

impl Progress {
    /// Shows a run's progress until [`Self::end`].
    pub fn start(board: &Arc<Board>, transport: &Arc<Transport>, output: Output) -> Self {
        let bars = output.progress().then(MultiProgress::new);
        let task = tokio::spawn(show(Arc::clone(board), Arc::clone(transport), bars.clone(), output));
        Self { task, board: Arc::clone(board), transport: Arc::clone(transport), bars, output }
    }

    /// Clears the bars, prints the last remarks and what throttling cost.
    pub fn end(self) {
        self.task.abort();
        if let Some(bars) = self.bars {
            let _ = bars.clear();
        }
        for remark in self.board.take_remarks() {
            self.output.remark(&remark);
        }
        for line in cost(&self.transport) {
            self.output.remark(&line);
        }
    }
}

/// What push-back and trouble cost, a line a service that had any.
fn cost(transport: &Transport) -> Vec<String> {
    let troubled = transport.traffic().into_iter().filter(|(_, traffic)| traffic.pushbacks + traffic.failures > 0);
    let line = |(scope, traffic): (ScopeId, Traffic)| {
        let paused = human(Duration::from_millis(traffic.pause_ms));
        format!(
            "{}: {} requests, {} pushed back, {} failed and were tried again, {paused} in pauses",
            scope.name(),
            traffic.requests,
            traffic.pushbacks,
            traffic.failures
        )
    };
    troubled.map(line).collect()
}

async fn show(board: Arc<Board>, transport: Arc<Transport>, bars: Option<MultiProgress>, output: Output) {
    let mut lines: Vec<Option<ProgressBar>> = SHOWN.iter().map(|_| None).collect();
    let start = Instant::now();
    let mut ticker = tokio::time::interval(if bars.is_some() { DRAW } else { LOG });
    // The first tick comes at once, before there is anything to say.
    ticker.tick().await;
    loop {
        ticker.tick().await;
        for remark in board.take_remarks() {
            match &bars {
                Some(bars) => drop(bars.println(&remark)),
                None => output.remark(&remark),
            }
        }
        match &bars {
            Some(bars) => draw(bars, &mut lines, &board, &transport, start),
            None => output.remark(&plain(&board, &transport, start)),
        }
    }
}

fn draw(bars: &MultiProgress, lines: &mut [Option<ProgressBar>], board: &Board, transport: &Transport, start: Instant) {
    for (line, (question, name, scope)) in lines.iter_mut().zip(SHOWN) {
        let (done, total) = board.count(question);
        if total == 0 {
            continue;
        }
        let bar = line.get_or_insert_with(|| bars.add(new_bar(name)));
        bar.set_length(total);
        bar.set_position(done);
        bar.set_message(state(transport, scope, done, total, start));
    }
}

fn new_bar(name: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:14} {bar:24} {pos:>7}/{len:<7} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸ ");
    ProgressBar::new(0).with_style(style).with_prefix(name)
}

/// Rate, requests in flight, and what is waited for.
fn state(transport: &Transport, scope: ScopeId, done: u64, total: u64, start: Instant) -> String {
    if done >= total {
        return "done".to_owned();
    }
    let gate = transport.scope(scope);
    if let Some(trouble) = gate.given_up() {
        return format!("given up: {trouble}");
    }
    if let Some(until) = gate.pause_left() {
        return format!("told to wait {}", human(until.duration_since(Instant::now())));
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = if seconds > 0.0 { f64::from(u32::try_from(done).unwrap_or(u32::MAX)) / seconds } else { 0.0 };
    let (_, in_flight) = gate.width();
    let left = f64::from(u32::try_from(total - done).unwrap_or(u32::MAX));
    match rate {
        rate if rate > 0.0 => {
            let eta = human(Duration::from_secs_f64((left / rate).min(1e9)));
            format!("{rate:.0}/s, {in_flight} in flight, {eta} left")
        }
        _ => format!("{in_flight} in flight"),
    }
}

fn plain(board: &Board, transport: &Transport, start: Instant) -> String {
    let parts: Vec<_> = SHOWN
        .iter()
        .filter_map(|(question, name, scope)| {
            let (done, total) = board.count(*question);
            (total > 0).then(|| format!("{name} {done}/{total} ({})", state(transport, *scope, done, total, start)))
        })
        .collect();
    format!("{} elapsed: {}", human(start.elapsed()), parts.join("; "))
}
