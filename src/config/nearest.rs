//! The known word nearest to a mistyped one.

/// The candidate most like `word`, unless none is like it at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_nonsense_is_not() {
        let words = ["tenant", "cloud", "client_id"];
        assert_eq!(nearest("tennant", words), Some("tenant"));
        assert_eq!(nearest("Client-Id", words), Some("client_id"));
        assert_eq!(nearest("zzz", words), None);
    }
}
