//! What a scheduled run does beside writing its report: notes taken in, thresholds tested, the summary posted.

use std::path::PathBuf;
use std::time::Duration;

use super::Output;
use crate::assessment::Written;
use crate::compare::fail_on::{Answer, Condition, Counts};
use crate::compare::message::{Message, Shape};
use crate::compare::{Changes, notes};
use crate::evidence::store::{Annotation, Store};
use crate::failure::{Exit, Failure};
use crate::plan::progress::Against;
use crate::report::View;
use crate::transport::wire::{Request, host_of, is_loopback};
use crate::transport::{HttpWire, Wire};
use crate::verdict::Verdict;

/// What a scheduler wants of a run.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct AfterArgs {
    /// End with code 10 when one of these holds, for example blocked>0,new_blocked>10,not_assessed>1%. While rows are
    /// not assessed the code stays 4: the figures are incomplete. What was exceeded is said on standard error.
    #[arg(long, value_name = "EXPR", value_delimiter = ',')]
    pub fail_on: Vec<String>,
    /// Take owner, due date and comment of the causes from this file: the workbook that came back, or a CSV.
    #[arg(long, value_name = "FILE")]
    pub actions: Option<PathBuf>,
    /// Post the summary, without names or addresses of people, to the URL in this environment variable.
    #[arg(long, value_name = "VAR")]
    pub webhook_env: Option<String>,
    /// Shape of the post [default: by the URL's host].
    #[arg(long, value_enum, value_name = "SHAPE")]
    pub webhook_shape: Option<Shape>,
}

/// The same, checked before any work is done.
#[derive(Debug, Default)]
pub struct After {
    conditions: Vec<Condition>,
    notes: Vec<Annotation>,
    webhook: Option<Webhook>,
}

#[derive(Debug)]
struct Webhook {
    url: url::Url,
    shape: Shape,
}

/// How long a post may take.
const POST: Duration = Duration::from_secs(30);

impl AfterArgs {
    /// Reads conditions, notes and the webhook's address.
    ///
    /// # Errors
    /// In words, when one of them cannot be used.
    pub fn check(&self) -> Result<After, Failure> {
        let notes = self.actions.as_deref().map(notes::read).transpose();
        Ok(After {
            conditions: conditions(&self.fail_on)?,
            notes: notes.map_err(|error| Failure::usage(error.to_string(), error.hint()))?.unwrap_or_default(),
            webhook: self.webhook_env.as_deref().map(|name| webhook(name, self.webhook_shape)).transpose()?,
        })
    }
}

/// Reads conditions.
///
/// # Errors
/// In words, when one cannot be read.
pub fn conditions(texts: &[String]) -> Result<Vec<Condition>, Failure> {
    let read = |text: &String| {
        text.parse::<Condition>().map_err(|error| Failure::usage(format!("--fail-on: {error}"), error.hint()))
    };
    texts.iter().map(read).collect()
}

/// The address from the environment: it is a secret, and is never shown.
fn webhook(name: &str, shape: Option<Shape>) -> Result<Webhook, Failure> {
    let hint = "put the webhook's https URL into that variable";
    let text = std::env::var(name)
        .map_err(|_| Failure::usage(format!("the environment has no variable {name} for --webhook-env"), hint))?;
    let url: url::Url =
        text.trim().parse().map_err(|_| Failure::usage(format!("what {name} holds is no URL"), hint))?;
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        return Err(Failure::usage(format!("the URL in {name} is not https"), hint));
    }
    let shape = shape.unwrap_or_else(|| Shape::of_host(url.host_str().unwrap_or_default()));
    Ok(Webhook { url, shape })
}

impl After {
    /// Takes the notes into the store, before the report is written that shows them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remember(&self, store: &Store, tenant: &str) -> Result<(), Failure> {
        store.keep_annotations(tenant, &self.notes).map_err(Failure::from)
    }

    /// Posts the summary and tests the conditions; gives the exit code.
    pub async fn close(&self, written: &Written, output: &Output) -> Exit {
        let view = &written.view;
        if let Some(webhook) = &self.webhook
            && let Err(trouble) = webhook.post(view).await
        {
            // The report is there and the run is done: a chat that cannot be reached does not change what it found.
            let hint = "the report is written; check the URL in the environment".to_owned();
            let message = format!("the summary was not posted: {trouble}");
            output.error(&Failure { exit: Exit::Done, message, hint });
        }
        let counts = Counts {
            rows: view.summary.rows,
            verdicts: view.summary.verdicts,
            changes: view.history.changes.as_ref(),
            plan: view.history.plan.as_ref(),
        };
        let exceeded = test(&self.conditions, &counts, output);
        match written.exit() {
            Exit::Done if exceeded => Exit::Threshold,
            exit => exit,
        }
    }
}

/// Says which conditions hold; gives whether any does.
pub fn test(conditions: &[Condition], counts: &Counts<'_>, output: &Output) -> bool {
    let mut exceeded = false;
    for condition in conditions {
        match condition.test(counts) {
            Answer::Kept => {}
            Answer::Exceeded(users) => {
                exceeded = true;
                let noun = if users == 1 { "user" } else { "users" };
                // For whoever reads only what went wrong: also said with --quiet.
                let message = format!("--fail-on {condition}: exceeded with {users} {noun}");
                output.error(&Failure { exit: Exit::Threshold, message, hint: String::new() });
            }
            Answer::NothingToCompare => {
                output.remark(&format!("--fail-on {condition}: there is no earlier complete run to compare with"));
            }
            Answer::NoPlan => {
                output.remark(&format!(
                    "--fail-on {condition}: no plan was made for an earlier run; ewsready plan makes one"
                ));
            }
        }
    }
    exceeded
}

/// The counts a comparison gives, for conditions on it alone.
pub fn counts<'a>(changes: &'a Changes, plan: Option<&'a Against>, verdicts: [u64; Verdict::ALL.len()]) -> Counts<'a> {
    Counts { rows: verdicts.iter().sum(), verdicts, changes: Some(changes), plan }
}

impl Webhook {
    async fn post(&self, view: &View) -> Result<(), String> {
        let deadline = crate::report::deadline(view);
        let tenant = &view.head.tenant;
        let message = Message {
            title: crate::report::title(view),
            tenant: if tenant.name.is_empty() { &tenant.profile } else { &tenant.name },
            as_of: view.head.as_of,
            deadline: &deadline,
            simulated: view.head.simulated,
            rows: view.summary.rows,
            verdicts: view.summary.verdicts,
            changes: view.history.changes.as_ref(),
            plan: view.history.plan.as_ref(),
            trend: &view.history.trend,
            texts: &view.texts,
        };
        let wire = HttpWire::new(POST).map_err(|error| error.to_string())?;
        let body = message.body(self.shape).to_string();
        let request = Request::post(self.url.clone(), "application/json; charset=utf-8", body);
        let answer = wire.send(request).await.map_err(|error| error.to_string())?;
        if answer.status.is_success() {
            return Ok(());
        }
        Err(format!("{} answered with HTTP {}", host_of(&self.url), answer.status.as_u16()))
    }
}
