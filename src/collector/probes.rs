//! The questions put for every mailbox by itself.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::stream::{self, TryStreamExt};
use serde::Serialize;

use super::pending::Pending;
use super::{Collector, no_source};
use crate::evidence::observation::{Cause, Observation, Source};
use crate::evidence::question::Question;
use crate::evidence::store::{Lacking, StoreError, Subject};
use crate::service::graph::mailbox::Probe;
use crate::transport::Trouble;

/// Mailboxes under way for one question, waiting ones included. A mailbox that is asked to wait holds one of
/// these places, but no request's. With more of them what each keeps in mind no longer fits a processor's cache.
const UNDER_WAY: usize = 192;
/// Refusals for want of permission, without one success, after which the rest is not asked: it is the same
/// for everybody.
const REFUSED_FOR_ALL: u32 = 25;

impl Collector {
    /// Graph, Autodiscover and EWS side by side.
    pub(super) async fn probe_mailboxes(&self, roles: &[String], lacking: &Lacking) -> Result<(), StoreError> {
        let probe = Probe::for_roles(roles);
        let graph = self.probe(Question::Graph, lacking, Source::Graph, async |subject: &Subject| {
            let object = subject.object_id.as_ref().unwrap_or(&subject.address);
            Some(self.services.graph.open_mailbox(object, probe).await)
        });
        let routing = self.probe(Question::Routing, lacking, Source::AutodiscoverV2, async |subject: &Subject| {
            Some(self.services.autodiscover.as_ref()?.route(&subject.address).await)
        });
        let ews = self.probe(Question::Ews, lacking, Source::Ews, async |subject: &Subject| {
            Some(self.services.ews.as_ref()?.open_inbox(subject.mailbox.as_ref().unwrap_or(&subject.address)).await)
        });
        let done = tokio::join!(graph, routing, ews, self.user_settings(lacking));
        done.0.and(done.1).and(done.2).and(done.3)
    }

    /// What SOAP Autodiscover tells about each mailbox, where the profile wants to know.
    async fn user_settings(&self, lacking: &Lacking) -> Result<(), StoreError> {
        let Some(soap) = &self.services.autodiscover_soap else { return Ok(()) };
        self.probe(Question::UserSettings, lacking, Source::AutodiscoverSoap, async |subject: &Subject| {
            Some(soap.settings(subject.mailbox.as_ref().unwrap_or(&subject.address)).await)
        })
        .await
    }

    /// Puts one question for every mailbox that has no outcome for it. Who is asked answers `None` where there is no
    /// such service.
    pub(super) async fn probe<T: Serialize>(
        &self,
        question: Question,
        lacking: &Lacking,
        source: Source,
        ask: impl AsyncFn(&Subject) -> Option<Result<T, Trouble>>,
    ) -> Result<(), StoreError> {
        self.board.expect(question, lacking.count(question));
        let refusals = Refusals::default();
        self.each(Pending::of(self, question, lacking), async |subject| {
            let answer = match refusals.for_all(question) {
                Some(trouble) => Some(Err(trouble)),
                None => ask(&subject).await,
            };
            let outcome: Observation<T> = match answer {
                Some(answer) => {
                    refusals.note(&answer);
                    self.observed(answer, source.clone())
                }
                None => no_source("this service", self.clock.now()),
            };
            self.writer.observe(subject.id, question, &outcome).await?;
            self.board.done(question, 1);
            Ok(())
        })
        .await
    }

    /// Runs a task for every subject, many at a time.
    pub(super) async fn each(
        &self,
        subjects: Pending<'_>,
        task: impl AsyncFn(Subject) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        stream::iter(subjects).try_for_each_concurrent(UNDER_WAY, |subject| task(subject)).await
    }
}

/// Counts refusals that are the same for everybody.
#[derive(Debug, Default)]
struct Refusals {
    refused: AtomicU32,
    answered: AtomicU32,
    last: std::sync::Mutex<Option<Trouble>>,
}

impl Refusals {
    fn note<T>(&self, answer: &Result<T, Trouble>) {
        match answer {
            Ok(_) => drop(self.answered.fetch_add(1, Ordering::Relaxed)),
            Err(trouble) if matches!(trouble.cause, Cause::NotPermitted | Cause::SignIn) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                *self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(trouble.clone());
            }
            Err(_) => {}
        }
    }

    /// The refusal, when it is everybody's.
    fn for_all(&self, question: Question) -> Option<Trouble> {
        if self.answered.load(Ordering::Relaxed) > 0 || self.refused.load(Ordering::Relaxed) < REFUSED_FOR_ALL {
            return None;
        }
        let last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()?;
        tracing::debug!(?question, "not asked any more: refused for everybody");
        Some(last)
    }
}
