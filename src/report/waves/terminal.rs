//! The plan for the terminal.

use super::{Compared, Waves, weekday};
use crate::report::Texts;
use crate::report::standing;

/// Width of the load bars, in characters.
const BAR: u64 = 30;

/// The plan in a few lines.
#[must_use]
pub fn summary(view: &Waves<'_>) -> String {
    let (measure, texts) = (&view.plan.measure, view.texts);
    let mut lines = vec![headline(view)];
    if view.head.simulated {
        lines.push(texts.get("summary", "simulated").to_owned());
    }
    lines.push(String::new());
    let widest = view.sums.iter().map(|sum| sum.capacity).max().unwrap_or(1).max(1);
    for sum in &view.sums {
        let mark = match (sum.past, sum.pilot) {
            (true, _) => texts.get("plan", "past"),
            (_, true) => texts.get("plan", "pilot"),
            _ => "",
        };
        // Full blocks for who moves, light ones for the room that is left.
        let filled = (sum.people * BAR).div_ceil(widest).min(BAR);
        let whole = (sum.capacity * BAR).div_ceil(widest).clamp(filled, BAR);
        let bar: String = (0..whole).map(|at| if at < filled { '█' } else { '░' }).collect();
        lines.push(
            format!(
                "  {:>3}  {} {}  {:>7} / {:<7} {bar}  {mark}",
                Waves::number(sum.wave),
                weekday(texts, sum.date),
                sum.date,
                texts.number(sum.people),
                texts.number(sum.capacity),
            )
            .trim_end()
            .to_owned(),
        );
    }
    lines.push(String::new());
    lines.extend(view.quality());
    if measure.waits > 0 {
        lines.push(texts.fill("plan", "waits_some", &[("n", &texts.number(measure.waits))]));
    }
    lines.extend(view.gaps());
    lines.extend(view.progress.as_ref().map(|against| standing::sentence(against, texts)));
    lines.push(String::new());
    let mut text = lines.join("\n");
    text.push_str(&comparison(texts, Some(view), view.variants));
    text
}

/// What it is, how many, from when to when, and how long before the end.
pub fn headline(view: &Waves<'_>) -> String {
    let (measure, texts) = (&view.plan.measure, view.texts);
    let tenant = &view.head.tenant;
    let name = if tenant.name.is_empty() { &tenant.profile } else { &tenant.name };
    let day = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
    texts.fill(
        "plan",
        "headline",
        &[
            ("tenant", name),
            ("people", &texts.number(measure.moves)),
            ("waves", &texts.number(measure.waves as u64)),
            ("first", &day(measure.first)),
            ("last", &day(measure.last)),
            ("end", &measure.end.to_string()),
            ("days", &measure.spare_days.to_string()),
        ],
    )
}

/// The variants side by side, the plan itself first; empty without variants.
#[must_use]
pub fn comparison(texts: &Texts, view: Option<&Waves<'_>>, variants: &[Compared]) -> String {
    if variants.is_empty() {
        return String::new();
    }
    let columns = ["variant", "waves", "last_wave", "spare_days", "cut", "busiest", "waits"];
    let mut rows = vec![columns.map(|key| texts.get("plan", key).to_owned())];
    let plan = view.map(|view| Compared {
        name: texts.get("plan", "this_plan").to_owned(),
        outcome: Ok(view.plan.measure.clone()),
    });
    let mut notes = Vec::new();
    for compared in plan.iter().chain(variants) {
        match &compared.outcome {
            Ok(measure) => rows.push([
                compared.name.clone(),
                format!("{} ({})", measure.waves, measure.least_waves),
                measure.last.map(|date| date.to_string()).unwrap_or_default(),
                measure.spare_days.to_string(),
                texts.number(measure.cut),
                format!("{:.0} %", measure.busiest * 100.0),
                texts.number(measure.waits),
            ]),
            Err(short) => {
                let mut row = columns.map(|_| "–".to_owned());
                row[0].clone_from(&compared.name);
                rows.push(row);
                notes.push(format!("{}: {short}", compared.name));
            }
        }
    }
    let widths: Vec<usize> =
        (0..columns.len()).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    let mut text = format!("\n{}\n", texts.get("plan", "what_if"));
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        text.push_str(&format!("  {}\n", cells.collect::<Vec<_>>().join("  ")));
    }
    for note in notes {
        text.push_str(&format!("  {note}\n"));
    }
    text
}
