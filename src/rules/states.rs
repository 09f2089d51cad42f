//! The states a report shows, each with its stable identifier.

use serde::{Deserialize, Serialize};

/// Declares an enumeration whose members have a stable identifier in CSV and JSON.
macro_rules! identified {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $member:ident = $id:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $id)] $member,)+
        }

        impl $name {
            /// Every member, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$member,)+];

            /// The identifier in CSV and JSON.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$member => $id,)+
                }
            }
        }
    };
}

identified! {
    /// The four answers of the assessment.
    Verdict {
        /// Cannot be moved until somebody fixes something that is not a licence.
        Blocked = "blocked",
        /// The licence gives no usable mailbox, or not the rights an integration's vendor asks for.
        NeedsLicenseUpgrade = "needs_license_upgrade",
        /// Graph answers: move before EWS ends.
        MoveToGraphEac = "move_to_graph_eac",
        /// We could not find out.
        NotAssessed = "not_assessed",
    }
}

identified! {
    /// How soon the user's EWS stops.
    Urgency {
        /// EWS refuses today: sync is down now.
        Now = "now",
        /// The organisation's switch is Null: it can be flipped on seven days' notice.
        Soon = "soon",
        /// On the cloud's retirement date.
        ByDeadline = "by_deadline",
        /// Nothing stops.
        None = "none",
        /// The facts do not say.
        Unknown = "unknown",
    }
}

identified! {
    /// What the licences of an account amount to.
    LicenceState {
        /// A plan with full mailbox and EWS right.
        Full = "full",
        /// Only a kiosk plan.
        Kiosk = "kiosk",
        /// Microsoft 365 F1: a mailbox for the Teams calendar that its user may not use.
        F1NoMailboxRight = "f1_no_mailbox_right",
        /// No plan with a mailbox.
        None = "none",
        /// The plan is assigned with its product but switched off.
        PlanOff = "plan_off",
        /// The subscription is suspended or locked out.
        Suspended = "suspended",
        /// Assigned, not provisioned yet.
        Pending = "pending",
        /// The assignment failed.
        Error = "error",
        /// It could not be found out, or a plan is not in the facts.
        Unknown = "unknown",
        /// Not asked.
        NotAsked = "not_asked",
    }
}

identified! {
    /// What the live EWS probe saw.
    EwsToday {
        /// The mailbox opened.
        Works = "works",
        /// Refused: organisation or mailbox switch.
        RefusedSwitch = "refused_switch",
        /// Refused: application list or user-agent policy.
        RefusedPolicy = "refused_policy",
        /// Refused for another stated reason.
        RefusedOther = "refused_other",
        /// No such mailbox.
        NoMailbox = "no_mailbox",
        /// Our application may not open it.
        NotPermitted = "not_permitted",
        /// No usable answer.
        Unknown = "unknown",
        /// Not asked.
        NotAsked = "not_asked",
    }
}

identified! {
    /// Where Autodiscover sends a client.
    RoutingState {
        /// To Exchange Online.
        ExchangeOnline = "exchange_online",
        /// To an on-premises server.
        OnPremises = "on_premises",
        /// Nowhere: the address is not resolved.
        Unresolved = "unresolved",
        /// Something that is not Exchange answers.
        NotExchange = "not_exchange",
        /// No usable answer.
        Unknown = "unknown",
        /// Not asked.
        NotAsked = "not_asked",
    }
}

identified! {
    /// Whether Graph opens the mailbox.
    GraphState {
        /// It does.
        Answers = "answers",
        /// It finds none.
        NoMailbox = "no_mailbox",
        /// A policy keeps our application out.
        RefusedPolicy = "refused_policy",
        /// The permission is missing.
        NotPermitted = "not_permitted",
        /// No usable answer.
        Unknown = "unknown",
        /// Not asked.
        NotAsked = "not_asked",
    }
}
