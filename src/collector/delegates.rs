//! Who else may open a calendar: one more question a mailbox, asked only when waves are to be planned.

use super::Collector;
use crate::evidence::observation::Source;
use crate::evidence::question::Question;
use crate::evidence::store::{Lacking, StoreError, Subject};

impl Collector {
    /// Asks every mailbox with a known account for its `calendarPermissions` (Microsoft Graph; application permission
    /// `Calendars.Read`).
    pub(super) async fn ask_delegates(&self, lacking: &Lacking) -> Result<(), StoreError> {
        self.probe(Question::Delegates, lacking, Source::Graph, async |subject: &Subject| {
            let object = subject.object_id.as_ref().unwrap_or(&subject.address);
            Some(self.services.graph.delegates(object).await)
        })
        .await
    }
}
