//! Puts the questions: tenant facts, then the directory, then mailbox settings in bulk and every mailbox by itself,
//! each service at its own pace beside the others. Every question ends in an outcome in the store; a run that
//! stops anywhere goes on from there.

pub mod board;
mod delegates;
mod directory;
mod hosts;
mod matching;
mod pending;
mod probes;
mod settings;
mod tenant;

use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::evidence::observation::{Cause, Observation, Source};
use crate::evidence::question::Question;
use crate::evidence::store::{Lacking, RunId, Store, StoreError, Writer};
use crate::service::autodiscover::Autodiscover;
use crate::service::autodiscover::soap::SoapAutodiscover;
use crate::service::dns::Dns;
use crate::service::ews::Ews;
use crate::service::graph::Graph;
use crate::service::graph::apps::Interest;
use crate::service::onprem::OnPremises;
use crate::service::supply::{ExchangeFacts, Supply};
use crate::transport::{Client, Resource, ScopeId, Trouble};

use pending::Pending;

pub use board::Board;

/// The services a run asks; one that is missing leaves its questions open for want of a source.
pub struct Services {
    /// Directory and Graph mailboxes.
    pub graph: Graph,
    /// Organisation and mailbox settings: the admin backend's, or exported files'.
    pub exchange: ExchangeFacts,
    /// Routing.
    pub autodiscover: Option<Autodiscover>,
    /// The live probe.
    pub ews: Option<Ews>,
    /// What Exchange's own clients are told; asked only where the profile wants it.
    pub autodiscover_soap: Option<SoapAutodiscover>,
    /// The applications to look for.
    pub interest: Interest,
    /// The signed-in client below them.
    pub client: Arc<Client>,
}

/// Collects the evidence of one run.
pub struct Collector {
    services: Services,
    store: Store,
    writer: Writer,
    run: RunId,
    clock: Clock,
    stop: CancellationToken,
    with_delegates: bool,
    hosts: Option<OnPremises>,
    dns: Option<Dns>,
    /// What progress shows.
    pub board: Arc<Board>,
}

/// How collecting ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every question has an outcome.
    Complete,
    /// Services were given up for this run: their questions have an outcome that names it.
    GaveUp(Vec<(ScopeId, Trouble)>),
    /// Somebody stopped it.
    Stopped,
    /// So many mailboxes have no outcome for a question, which is a fault of this program.
    LeftOut(Question, u64),
    /// The main job cannot run: no token for Graph, or no right to read the directory. Nothing was judged.
    Refused(Trouble),
}

impl Collector {
    /// A collector for a run of `store`.
    ///
    /// # Errors
    /// When the store cannot be opened for writing and reading at once.
    pub fn new(
        services: Services,
        store: &Store,
        run: RunId,
        clock: Clock,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        let (writer, reader) = (Writer::start(store, run)?, store.reader()?);
        let board = Arc::new(Board::default());
        Ok(Self {
            services,
            store: reader,
            writer,
            run,
            clock,
            stop,
            with_delegates: false,
            hosts: None,
            dns: None,
            board,
        })
    }

    /// The same, asking also who else may open each calendar: what planning waves wants to know.
    #[must_use]
    pub fn asking_delegates(self, wanted: bool) -> Self {
        Self { with_delegates: wanted, ..self }
    }

    /// The same, asking also the on-premises hosts that come up.
    #[must_use]
    pub fn asking_on_premises(self, hosts: Option<OnPremises>) -> Self {
        Self { hosts, ..self }
    }

    /// The same, asking also DNS about the tenant's domains.
    #[must_use]
    pub fn asking_dns(self, dns: Option<Dns>) -> Self {
        Self { dns, ..self }
    }

    /// Asks everything that has no outcome yet.
    ///
    /// # Errors
    /// When the store fails; what was stored before stays.
    pub async fn collect(&self) -> Result<End, StoreError> {
        let end = tokio::select! {
            () = self.stop.cancelled() => Ok(End::Stopped),
            end = self.ask_everything() => end,
        };
        self.note_traffic().await?;
        self.writer.settle().await?;
        end
    }

    async fn ask_everything(&self) -> Result<End, StoreError> {
        let roles = match self.services.client.roles(Resource::Graph).await {
            Ok(roles) => roles,
            Err(trouble) => return Ok(End::Refused(trouble)),
        };
        self.tenant_facts(&roles).await?;
        self.ask_dns().await?;
        if let Some(refusal) = self.directory().await? {
            return Ok(End::Refused(refusal));
        }
        // Who is who must be in the store before it is asked who is left to probe.
        self.writer.settle().await?;
        let lacking = self.lacking()?;
        let (settings, probes) = tokio::join!(self.mailbox_settings(&lacking), self.probe_mailboxes(&roles, &lacking));
        settings.and(probes)?;
        self.ask_hosts().await?;
        if self.with_delegates {
            self.ask_delegates(&self.lacking()?).await?;
        }
        self.writer.settle().await?;
        if let Some(end) = self.left_out()? {
            return Ok(end);
        }
        let given_up: Vec<_> = ScopeId::ALL
            .into_iter()
            .filter_map(|id| Some((id, self.services.client.transport.scope(id).given_up()?)))
            .collect();
        Ok(if given_up.is_empty() { End::Complete } else { End::GaveUp(given_up) })
    }

    /// Whatever happened, every core question about every mailbox has an outcome now. A question that was passed over
    /// in silence would be the worst fault of all, so a run that has one does not end as complete.
    fn left_out(&self) -> Result<Option<End>, StoreError> {
        let lacking = self.lacking()?;
        let left = Question::CORE.map(|question| End::LeftOut(question, lacking.count(question)));
        Ok(left.into_iter().find(|left| !matches!(left, End::LeftOut(_, 0))))
    }

    async fn note_traffic(&self) -> Result<(), StoreError> {
        for (scope, traffic) in self.services.client.transport.traffic() {
            self.writer.traffic(scope.key(), traffic).await?;
        }
        Ok(())
    }

    /// Says what somebody tells of nobody.
    fn remark_gap<T>(&self, supply: &dyn Supply<T>) {
        if let Some(gap) = supply.gap() {
            self.board.remark(gap.to_owned());
        }
    }

    /// What has no outcome yet.
    fn lacking(&self) -> Result<Lacking, StoreError> {
        self.store.lacking(self.run)
    }

    /// What an answer or a trouble is as an observation.
    fn observed<T>(&self, answer: Result<T, Trouble>, source: Source) -> Observation<T> {
        observed(answer, source, self.clock.now())
    }

    /// Gives everybody who is still pending the same outcome.
    async fn close_all<T: serde::Serialize>(
        &self,
        question: Question,
        pending: Pending<'_>,
        outcome: &Observation<T>,
    ) -> Result<(), StoreError> {
        for subject in pending {
            self.writer.observe(subject?.id, question, outcome).await?;
            self.board.done(question, 1);
        }
        Ok(())
    }
}

fn observed<T>(answer: Result<T, Trouble>, source: Source, at: Timestamp) -> Observation<T> {
    match answer {
        Ok(value) => Observation::known(value, source, at),
        Err(trouble) => Observation::unknown(trouble.cause, trouble.detail, at),
    }
}

fn no_source<T>(what: &str, at: Timestamp) -> Observation<T> {
    Observation::unknown(Cause::NoSource, format!("{what} is not among this tenant's sources"), at)
}
