//! The charts of the first sheet.

use rust_xlsxwriter::{
    Chart, ChartDataLabel, ChartFont, ChartLegendPosition, ChartLine, ChartPoint, ChartSolidFill, ChartType, XlsxError,
};

use super::{Page, WIDE};
use crate::report::summary::VerdictCounts;
use crate::report::xlsx::style::colour;
use crate::verdict::Verdict;

/// Height of a row on a screen, in pixels.
const ROW_PIXELS: u32 = 18;

impl Page<'_> {
    /// A bar a verdict, below their table.
    pub(super) fn verdict_chart(&mut self, first: u32) -> Result<(), XlsxError> {
        let name = self.sheet.name();
        let last = first + 3;
        let points: Vec<ChartPoint> = Verdict::ALL
            .iter()
            .map(|&verdict| ChartPoint::new().set_format(&mut ChartSolidFill::new().set_color(colour(verdict)).clone()))
            .collect();
        let mut chart = Chart::new(ChartType::Bar);
        chart
            .add_series()
            .set_categories((name.as_str(), first, 0, last, 0))
            .set_values((name.as_str(), first, 1, last, 1))
            .set_points(&points)
            .set_gap(40)
            .set_data_label(ChartDataLabel::new().show_value());
        chart.title().set_name(self.label("chart")).set_font(ChartFont::new().set_size(11));
        chart.legend().set_hidden();
        // In a bar chart the vertical axis carries the categories, from the bottom up unless reversed.
        chart.y_axis().set_reverse();
        chart.x_axis().set_major_gridlines(false).set_hidden(true).set_min(0);
        chart.set_width(660).set_height(200).set_alt_text(self.label("chart"));
        self.row += 1;
        self.sheet.insert_chart_with_offset(self.row, 0, &chart, 0, 4)?;
        self.row += 200 / ROW_PIXELS + 1;
        Ok(())
    }

    /// A stacked bar a group, beside its table.
    pub(super) fn group_chart(
        &mut self,
        title: &'static str,
        first: u32,
        shown: &[(&str, VerdictCounts)],
    ) -> Result<(), XlsxError> {
        let name = self.sheet.name();
        let last = self.row - 1;
        let mut chart = Chart::new(ChartType::BarStacked);
        for (place, &verdict) in (1_u16..).zip(Verdict::ALL) {
            chart
                .add_series()
                .set_name(self.texts.get("verdict", verdict.id()))
                .set_categories((name.as_str(), first, 0, last, 0))
                .set_values((name.as_str(), first, place, last, place))
                .set_format(ChartSolidFill::new().set_color(colour(verdict)))
                .set_gap(40);
        }
        chart.title().set_hidden();
        chart.legend().set_position(ChartLegendPosition::Bottom);
        chart.y_axis().set_reverse();
        chart.x_axis().set_min(0).set_major_gridlines_line(ChartLine::new().set_color(0xE3E7EB));
        let height = (90 + 26 * u32::try_from(shown.len()).unwrap_or(10)).max(170);
        chart.set_width(490).set_height(height).set_alt_text(self.label(title));
        self.sheet.insert_chart_with_offset(first - 1, WIDE, &chart, 8, 2)?;
        let needed = first + height.div_ceil(ROW_PIXELS);
        self.row = self.row.max(needed);
        Ok(())
    }
}
