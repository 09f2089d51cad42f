//! The questions put for every mailbox by itself.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Collector, PAGE, broke_off, no_source};
use crate::evidence::observation::{Cause, Observation, Source};
use crate::evidence::question::Question;
use crate::evidence::store::{Lacking, StoreError, Subject};
use crate::service::graph::mailbox::Probe;
use crate::transport::Trouble;

/// Mailboxes under way for one question, waiting ones included. A mailbox that is asked to wait holds one of
/// these places, but no request's.
const UNDER_WAY: usize = 512;
/// Refusals for want of permission, without one success, after which the rest is not asked: it is the same
/// for everybody.
const REFUSED_FOR_ALL: u32 = 25;

impl Collector {
    /// Graph, Autodiscover and EWS side by side.
    pub(super) async fn probe_mailboxes(
        self: &Arc<Self>,
        roles: &[String],
        lacking: &Lacking,
    ) -> Result<(), StoreError> {
        let probe = Probe::for_roles(roles);
        let graph = self.probe(
            Question::Graph,
            lacking,
            Source::Graph,
            move |collector: Arc<Self>, subject: Subject| async move {
                let object = subject.object_id.unwrap_or(subject.address);
                Some(collector.services.graph.open_mailbox(&object, probe).await)
            },
        );
        let routing = self.probe(
            Question::Routing,
            lacking,
            Source::AutodiscoverV2,
            |collector: Arc<Self>, subject: Subject| async move {
                let autodiscover = collector.services.autodiscover.as_ref()?;
                Some(autodiscover.route(&subject.address).await)
            },
        );
        let ews =
            self.probe(Question::Ews, lacking, Source::Ews, |collector: Arc<Self>, subject: Subject| async move {
                let ews = collector.services.ews.as_ref()?;
                Some(ews.open_inbox(subject.mailbox.as_deref().unwrap_or(&subject.address)).await)
            });
        let done = tokio::join!(graph, routing, ews, self.user_settings(lacking));
        done.0.and(done.1).and(done.2).and(done.3)
    }

    /// What SOAP Autodiscover tells about each mailbox, where the profile wants to know.
    async fn user_settings(self: &Arc<Self>, lacking: &Lacking) -> Result<(), StoreError> {
        if self.services.autodiscover_soap.is_none() {
            return Ok(());
        }
        self.probe(
            Question::UserSettings,
            lacking,
            Source::AutodiscoverSoap,
            |collector: Arc<Self>, subject: Subject| async move {
                let soap = collector.services.autodiscover_soap.as_ref()?;
                Some(soap.settings(subject.mailbox.as_deref().unwrap_or(&subject.address)).await)
            },
        )
        .await
    }

    /// Puts one question for every mailbox that has no outcome for it.
    pub(super) async fn probe<T, A, F>(
        self: &Arc<Self>,
        question: Question,
        lacking: &Lacking,
        source: Source,
        ask: A,
    ) -> Result<(), StoreError>
    where
        T: Serialize + Send + Sync + 'static,
        A: Fn(Arc<Self>, Subject) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Option<Result<T, Trouble>>> + Send + 'static,
    {
        self.board.expect(question, lacking.of_accounts(question));
        let refusals = Arc::new(Refusals::default());
        let collector = Arc::clone(self);
        self.each_pending(question, true, move |subject| {
            let (collector, ask, refusals, source) =
                (Arc::clone(&collector), ask.clone(), Arc::clone(&refusals), source.clone());
            async move {
                let id = subject.id;
                let answer = match refusals.for_all(question) {
                    Some(trouble) => Some(Err(trouble)),
                    None => ask(Arc::clone(&collector), subject).await,
                };
                let outcome: Observation<T> = match answer {
                    Some(answer) => {
                        refusals.note(&answer);
                        collector.observed(answer, source)
                    }
                    None => no_source("this service", collector.clock.now()),
                };
                collector.writer.observe(id, question, &outcome).await?;
                collector.board.done(question, 1);
                Ok(())
            }
        })
        .await
    }

    /// Runs a task for every subject that lacks an outcome, many at a time.
    pub(super) async fn each_pending<A, F>(
        self: &Arc<Self>,
        question: Question,
        known_account: bool,
        task: A,
    ) -> Result<(), StoreError>
    where
        A: Fn(Subject) -> F,
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let places = Arc::new(Semaphore::new(UNDER_WAY));
        let mut under_way = JoinSet::new();
        let mut after = 0;
        loop {
            let page = self.read(|store| store.pending(self.run, question, known_account, after, PAGE))?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for subject in page {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
                let asked = task(subject);
                under_way.spawn(async move {
                    let outcome = asked.await;
                    drop(place);
                    outcome
                });
                while let Some(done) = under_way.try_join_next() {
                    settle(done)?;
                }
            }
        }
        while let Some(done) = under_way.join_next().await {
            settle(done)?;
        }
        Ok(())
    }
}

fn settle(done: Result<Result<(), StoreError>, tokio::task::JoinError>) -> Result<(), StoreError> {
    match done {
        Ok(outcome) => outcome,
        Err(_) => Err(broke_off()),
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
