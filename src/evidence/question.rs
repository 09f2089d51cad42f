//! The questions put for each mailbox, as the store names them.

use super::mailbox::MailboxEvidence;
use super::observation::{Observation, Unknown};

/// One question about a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Who is it in the directory?
    Directory,
    /// Its EWS settings.
    Cas,
    /// Its kind.
    Recipient,
    /// Does Graph open it?
    Graph,
    /// Where does Autodiscover route it?
    Routing,
    /// Does EWS open it?
    Ews,
    /// Who may open its calendar?
    Delegates,
    /// What does SOAP Autodiscover say?
    UserSettings,
    /// What do exports of other products say?
    Joined,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Directory,
        Self::Cas,
        Self::Recipient,
        Self::Graph,
        Self::Routing,
        Self::Ews,
        Self::Delegates,
        Self::UserSettings,
        Self::Joined,
    ];

    /// Those every complete run asks.
    pub const CORE: [Self; 6] = [Self::Directory, Self::Cas, Self::Recipient, Self::Graph, Self::Routing, Self::Ews];

    /// Whether it is put only where the account is known: without one there is no mailbox to ask about.
    #[must_use]
    pub fn wants_account(self) -> bool {
        self != Self::Directory
    }

    /// Its number in the store; never reused.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Directory => 1,
            Self::Cas => 2,
            Self::Recipient => 3,
            Self::Graph => 4,
            Self::Routing => 5,
            Self::Ews => 6,
            Self::Delegates => 7,
            Self::UserSettings => 8,
            Self::Joined => 9,
        }
    }

    /// The question of a number.
    #[must_use]
    pub fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|question| question.number() == number)
    }
}

impl MailboxEvidence {
    /// Puts a stored answer in its place.
    ///
    /// # Errors
    /// When the text is not what this program stores for the question.
    pub fn restore(&mut self, question: Question, body: &str) -> Result<(), serde_json::Error> {
        match question {
            Question::Directory => self.directory = serde_json::from_str(body)?,
            Question::Cas => self.cas = serde_json::from_str(body)?,
            Question::Recipient => self.recipient = serde_json::from_str(body)?,
            Question::Graph => self.graph = serde_json::from_str(body)?,
            Question::Routing => self.routing = serde_json::from_str(body)?,
            Question::Ews => self.ews = serde_json::from_str(body)?,
            Question::Delegates => self.delegates = serde_json::from_str(body)?,
            Question::UserSettings => self.user_settings = serde_json::from_str(body)?,
            Question::Joined => self.joined = serde_json::from_str(body)?,
        }
        Ok(())
    }

    /// Every core question that is not known becomes unknown with the given cause, where it was not even asked.
    pub fn mark_unasked(&mut self, unknown: &Unknown) {
        fn mark<T>(observation: &mut Observation<T>, unknown: &Unknown) {
            if matches!(observation, Observation::NotAsked) {
                *observation = Observation::Unknown(unknown.clone());
            }
        }
        for question in Question::CORE {
            match question {
                Question::Directory => mark(&mut self.directory, unknown),
                Question::Cas => mark(&mut self.cas, unknown),
                Question::Recipient => mark(&mut self.recipient, unknown),
                Question::Graph => mark(&mut self.graph, unknown),
                Question::Routing => mark(&mut self.routing, unknown),
                Question::Ews => mark(&mut self.ews, unknown),
                Question::Delegates => mark(&mut self.delegates, unknown),
                Question::UserSettings => mark(&mut self.user_settings, unknown),
                Question::Joined => mark(&mut self.joined, unknown),
            }
        }
    }
}
