//! A roster of the simulated tenant, so that a generated one can be assessed.

use std::io::{self, Write};

use super::Tenant;

const WAVES: [&str; 4] = ["Pilot", "Wave 1", "Wave 2", "Wave 3"];
const OWNERS: [&str; 3] = ["Wanda Reuter", "Tarek Holt", "Imke Sander"];

/// One line of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterLine {
    /// Display name.
    pub name: String,
    /// The address as a project's list would have it: not always the primary one.
    pub email: String,
    /// Cutover wave.
    pub wave: &'static str,
    /// Department.
    pub department: String,
    /// Who answers for the line.
    pub owner: &'static str,
}

impl Tenant {
    /// The tenant's accounts as a project's roster would list them, deleted ones included.
    pub fn roster(&self) -> impl Iterator<Item = RosterLine> + '_ {
        (0..self.people.slots()).filter_map(|index| {
            let person = self.people.at(index)?;
            Some(RosterLine {
                email: person.roster_address.clone()?,
                name: person.display_name.clone(),
                wave: WAVES[index as usize % WAVES.len()],
                department: person.department.clone().unwrap_or_default(),
                owner: OWNERS[index as usize % OWNERS.len()],
            })
        })
    }

    /// Writes the roster as CSV and tells how many lines it has besides the head.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_roster(&self, out: impl Write) -> io::Result<u64> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(["Name", "Email", "Wave", "Department", "Owner"])?;
        let mut lines = 0;
        for line in self.roster() {
            csv.write_record([&line.name, &line.email, line.wave, &line.department, line.owner])?;
            lines += 1;
        }
        csv.flush()?;
        Ok(lines)
    }
}
