//! What a service says when it wants fewer requests, whatever header it says it in.

use std::time::Duration;

use jiff::Timestamp;

use super::wire::Answer;

/// The wait a service orders, in any of the forms seen: `Retry-After` in whole or decimal seconds (Graph's own
/// documentation shows `2.128`) or as a date (RFC 9110 section 10.2.3), or the admin backend's
/// `Rate-Limit-Reset` when `Rate-Limit-Remaining` is 0.
#[must_use]
pub fn ordered_wait(answer: &Answer, now: Timestamp) -> Option<Duration> {
    answer.header("retry-after").and_then(|text| parse_wait(text, now)).or_else(|| {
        let spent = answer.header("rate-limit-remaining").is_some_and(|left| left.trim() == "0");
        spent.then(|| answer.header("rate-limit-reset").and_then(|text| parse_wait(text, now))).flatten()
    })
}

/// Reads one wait: seconds (whole or decimal) or a date in HTTP's or ISO's form. Anything else, a negative number
/// or a date gone by is no wait at all, except that a date gone by says "now".
#[must_use]
pub fn parse_wait(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if text.starts_with(|first: char| first.is_ascii_digit()) && !text.contains(['-', ':']) {
        let seconds: f64 = text.parse().ok()?;
        // A wait beyond a century is as good as for ever, and must not overflow the clock.
        return (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(3.2e9)));
    }
    let at = jiff::fmt::rfc2822::parse(text)
        .map(|zoned| zoned.timestamp())
        .ok()
        .or_else(|| text.parse::<Timestamp>().ok())?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// Whether the service warns that the limit is near: `x-ms-throttle-limit-percentage` is sent from 0.8 on
/// (Microsoft Graph: throttling limits).
#[must_use]
pub fn near_limit(answer: &Answer) -> bool {
    answer.header("x-ms-throttle-limit-percentage").and_then(|text| text.trim().parse::<f64>().ok()) >= Some(0.8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        "2026-11-20T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_form_of_a_wait_is_understood() {
        let cases = [
            ("3", Some(3.0)),
            (" 2.128 ", Some(2.128)),
            ("0", Some(0.0)),
            ("86400", Some(86_400.0)),
            ("Fri, 20 Nov 2026 08:00:30 GMT", Some(30.0)),
            ("Fri, 20 Nov 2026 07:00:00 GMT", Some(0.0)),
            ("2026-11-20T08:01:00Z", Some(60.0)),
            ("2026-11-20T08:01:00.5+00:00", Some(60.5)),
            ("-5", None),
            ("soon", None),
            ("", None),
            ("NaN", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse_wait(text, now()).map(|wait| wait.as_secs_f64()), seconds, "{text}");
        }
    }

    #[test]
    fn the_admin_backend_says_it_in_its_own_headers() {
        let mut headers = http::HeaderMap::new();
        headers.insert("rate-limit-remaining", "0".parse().unwrap());
        headers.insert("rate-limit-reset", "2026-11-20T08:00:07Z".parse().unwrap());
        let answer = Answer { status: http::StatusCode::TOO_MANY_REQUESTS, headers, body: bytes::Bytes::new() };
        assert_eq!(ordered_wait(&answer, now()), Some(Duration::from_secs(7)));
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in ".*") {
            let _ = parse_wait(&text, now());
        }

        #[test]
        fn digits_of_any_length_are_a_bounded_wait(digits in "[0-9]{1,400}") {
            prop_assert!(parse_wait(&digits, now()).is_none_or(|wait| wait <= Duration::from_secs(3_200_000_000)));
        }
    }
}
