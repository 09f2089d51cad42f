//! The files of a plan: `waves.csv`, `waves.html`, `waves.xlsx`, and a list a wave under `waves/`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use csv::{Terminator, WriterBuilder};

use super::{Waves, page, shown};
use crate::plan::people::Standing;
use crate::private::{self, Whole};
use crate::report::format::keep_all;
use crate::report::{FormatKind, ReportError, clean, xlsx};

/// The folder of the lists.
const LISTS: &str = "waves";
/// What the lists' names begin and end with: what an earlier plan left is told by that.
const LIST: (&str, &str) = ("wave-", ".csv");

/// Writes what is asked for; the files appear under their names only when every one of them is whole.
pub(super) fn write_all(view: &Waves<'_>, folder: &Path, formats: &[FormatKind]) -> Result<Vec<PathBuf>, ReportError> {
    let lists = folder.join(LISTS);
    private::folder(folder).map_err(ReportError::write(folder))?;
    let mut ready: Vec<Whole> = Vec::new();
    for format in formats {
        match format {
            FormatKind::Csv => {
                ready.push(whole(folder, "waves.csv", |out| everybody(view, out))?);
                private::folder(&lists).map_err(ReportError::write(&lists))?;
                for sum in &view.sums {
                    let name = format!("{}{:02}-{}{}", LIST.0, Waves::number(sum.wave), sum.date, LIST.1);
                    ready.push(whole(&lists, &name, |out| list(view, sum.wave, out))?);
                }
            }
            FormatKind::Html => ready.push(whole(folder, "waves.html", |out| page::write(view, out))?),
            FormatKind::Xlsx => ready.push(whole(folder, "waves.xlsx", |out| xlsx::waves::write(view, out))?),
            FormatKind::Json | FormatKind::NdJson | FormatKind::Markdown | FormatKind::PowerShell => {}
        }
    }
    let paths = keep_all(ready)?;
    remove_old_lists(&lists, &paths)?;
    Ok(paths)
}

/// Lists of an earlier plan that had more waves, or other days: whoever found them would write to the wrong people.
fn remove_old_lists(lists: &Path, written: &[PathBuf]) -> Result<(), ReportError> {
    let written: BTreeSet<&PathBuf> = written.iter().collect();
    if !written.iter().any(|path| path.parent() == Some(lists)) {
        return Ok(());
    }
    for entry in std::fs::read_dir(lists).map_err(ReportError::write(lists))? {
        let path = entry.map_err(ReportError::write(lists))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(LIST.0) && name.ends_with(LIST.1) && !written.contains(&path) {
            std::fs::remove_file(&path).map_err(ReportError::write(&path))?;
        }
    }
    Ok(())
}

/// A file written whole beside its place.
fn whole(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), ReportError>,
) -> Result<Whole, ReportError> {
    Whole::written(folder.join(name), ReportError::about, write)
}

/// `waves.csv`: everybody with an address of their own, in roster order; who waits has no wave and no date.
fn everybody(view: &Waves<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let header = ["address", "wave", "date", "group", "why", "display_name", "department", "owner", "verdict"];
    let lines = (0..view.census.members.len()).map(|place| {
        let (member, seat) = (&view.census.members[place], &view.plan.seats[place]);
        let wave = seat.wave();
        [
            member.address.to_string(),
            wave.map(|wave| Waves::number(wave).to_string()).unwrap_or_default(),
            wave.and_then(|wave| view.date(wave)).map(|date| date.to_string()).unwrap_or_default(),
            Waves::group(seat),
            view.why(place),
            member.name.to_string(),
            member.department.to_string(),
            member.owner.to_string(),
            member.standing.verdict().id().to_owned(),
        ]
    });
    table(out, &header, lines)
}

/// Whom to write to about one wave, for a mail merge: people by name, then mailboxes that nobody owns alone.
fn list(view: &Waves<'_>, wave: u16, out: &mut dyn Write) -> Result<(), ReportError> {
    let header = ["address", "display_name", "date", "department", "owner", "mailbox", "first", "moves_with"];
    let mut places: Vec<usize> =
        (0..view.plan.seats.len()).filter(|place| view.plan.seats[*place].wave() == Some(wave)).collect();
    places.sort_by_cached_key(|place| {
        let member = &view.census.members[*place];
        (member.kind.is_shared(), shown(member).to_lowercase())
    });
    let date = view.date(wave).map(|date| date.to_string()).unwrap_or_default();
    let lines = places.into_iter().map(|place| {
        let member = &view.census.members[place];
        let with = match &view.plan.seats[place] {
            crate::plan::Seat::Wave { why, .. } => {
                why.with.map(|(other, _)| shown(&view.census.members[other as usize]))
            }
            crate::plan::Seat::Waits => None,
        };
        let first = if member.standing == Standing::Ready { "" } else { &*member.cause };
        [
            member.address.to_string(),
            member.name.to_string(),
            date.clone(),
            member.department.to_string(),
            member.owner.to_string(),
            view.texts.get("plan_mailbox", member.kind.id()).to_owned(),
            first.to_owned(),
            with.unwrap_or_default().to_owned(),
        ]
    });
    table(out, &header, lines)
}

/// A CSV as the report's: UTF-8, CRLF, no text that a spreadsheet program would take for a formula.
fn table<const N: usize>(
    out: &mut dyn Write,
    header: &[&str; N],
    lines: impl Iterator<Item = [String; N]>,
) -> Result<(), ReportError> {
    let failed = ReportError::format("csv");
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    writer.write_record(header).map_err(|error| failed(&error))?;
    for line in lines {
        let guarded = line.iter().map(|text| clean::csv_field(text));
        for field in guarded {
            writer.write_field(&*field).map_err(|error| failed(&error))?;
        }
        writer.write_record(None::<&[u8]>).map_err(|error| failed(&error))?;
    }
    writer.flush().map_err(|error| failed(&error))
}
