//! Who else may open a calendar: one more question a mailbox, asked only when waves are to be planned.

use std::sync::Arc;

use super::Collector;
use crate::evidence::observation::Source;
use crate::evidence::question::Question;
use crate::evidence::store::{Lacking, StoreError, Subject};

impl Collector {
    /// Asks every mailbox with a known account for its `calendarPermissions` (Microsoft Graph; application permission
    /// `Calendars.Read`).
    pub(super) async fn ask_delegates(self: &Arc<Self>, lacking: &Lacking) -> Result<(), StoreError> {
        self.probe(Question::Delegates, lacking, Source::Graph, |collector: Arc<Self>, subject: Subject| async move {
            let object = subject.object_id.unwrap_or(subject.address);
            Some(collector.services.graph.delegates(&object).await)
        })
        .await
    }
}
