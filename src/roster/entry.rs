//! One line of the roster.

use super::address::{Address, Unusable};
use super::headers::Role;
use super::source::Source;

/// One line of the roster that is about a person, usable or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1 over all files.
    pub row: u64,
    /// Which file: an index into [`super::Roster::sources`].
    pub file: usize,
    /// Where it begins: line of a text, row of a sheet, from 1.
    pub line: u64,
    /// The address cell as written.
    pub written: String,
    /// The address, or why there is none.
    pub address: Result<Address, Unusable>,
    /// The row of the first entry with the same address.
    pub repeat_of: Option<u64>,
    /// What its known columns say.
    pub known: Known,
    /// All cells, in the order of [`super::Roster::columns`], as written.
    pub columns: Vec<String>,
}

/// Declares the known columns once: as fields, and as the way to fill them.
macro_rules! known {
    ($($(#[$doc:meta])* $field:ident = $role:ident,)+) => {
        /// What the known columns of a line say; `None` where there is no such column or its cell is blank.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct Known {
            $($(#[$doc])* pub $field: Option<String>,)+
        }

        /// Where the known columns of a file are.
        #[derive(Debug, Clone, Copy, Default)]
        pub(super) struct KnownColumns {
            $($field: Option<usize>,)+
        }

        impl KnownColumns {
            pub(super) fn of(source: &Source) -> Self {
                Self { $($field: source.column(Role::$role),)+ }
            }

            pub(super) fn read(&self, cells: &[String]) -> Known {
                Known { $($field: cell(cells, self.$field),)+ }
            }
        }
    };
}

known! {
    /// Display name; composed of first and last name where the roster has only those.
    display_name = DisplayName,
    /// First name.
    given_name = GivenName,
    /// Last name.
    surname = Surname,
    /// Department.
    department = Department,
    /// Cutover wave.
    wave = Wave,
    /// Who answers for the entry.
    owner = Owner,
    /// The person's manager.
    manager = Manager,
    /// Directory object id, lower case; only what is a GUID.
    object_id = ObjectId,
    /// Sign-in name in the directory.
    user_principal_name = UserPrincipalName,
    /// Sign-in name of another product, such as Salesforce's `Username`.
    sign_in_name = SignInName,
    /// The e-mail address on the Salesforce user record: a column of its own, or the address column of an export from
    /// Salesforce.
    salesforce_email = SalesforceEmail,
    /// E-mail server profile of Dynamics 365.
    dynamics_profile = DynamicsProfile,
}

fn cell(cells: &[String], column: Option<usize>) -> Option<String> {
    let text = cells.get(column?)?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

impl Known {
    /// Composes a display name and drops an object id that is none.
    pub(super) fn completed(mut self) -> Self {
        if self.display_name.is_none() {
            self.display_name = match (&self.given_name, &self.surname) {
                (Some(given), Some(surname)) => Some(format!("{given} {surname}")),
                (one, other) => one.clone().or_else(|| other.clone()),
            };
        }
        self.object_id = self.object_id.and_then(|id| uuid::Uuid::try_parse(&id).ok()).map(|id| id.to_string());
        self
    }
}
