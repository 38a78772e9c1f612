//! Which part of a list a query asks for, and the comma lists of state words.

use super::error::ApiError;
use crate::engine::views::PageRequest;

/// Page sizes of one list.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageRule {
    /// Used when the query names none, or one below 1.
    pub(super) default: u32,
    /// Larger ones become this.
    pub(super) max: u32,
}

impl PageRule {
    /// Reads `limit` and `offset`.
    pub(super) fn read(self, limit: Option<&str>, offset: Option<&str>) -> Result<PageRequest, ApiError> {
        let limit = match integer("limit", limit)? {
            Some(limit) if limit > 0 => u32::try_from(limit).unwrap_or(u32::MAX).min(self.max),
            Some(_) | None => self.default,
        };
        let offset = integer("offset", offset)?.unwrap_or(0).max(0);
        Ok(PageRequest {
            limit,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
        })
    }

    /// Reads `limit` and `offset` where what is no number is the same as nothing.
    pub(super) fn read_leniently(self, limit: Option<&str>, offset: Option<&str>) -> PageRequest {
        fn number<'a>(name: &str, text: Option<&'a str>) -> Option<&'a str> {
            text.filter(|text| integer(name, Some(text)).is_ok())
        }
        let usual = PageRequest {
            limit: self.default,
            offset: 0,
        };
        self.read(number("limit", limit), number("offset", offset))
            .unwrap_or(usual)
    }

    /// Reads a size and the number of a page, from 1.
    pub(super) fn read_pages(self, size: Option<&str>, page: Option<&str>) -> Result<(u32, u32), ApiError> {
        let size = match integer("pageSize", size)? {
            Some(size) if size > 0 => u32::try_from(size).unwrap_or(u32::MAX).min(self.max),
            Some(_) | None => self.default,
        };
        let page = integer("page", page)?.unwrap_or(1).max(1);
        Ok((size, u32::try_from(page).unwrap_or(u32::MAX)))
    }
}

/// An integer of any length; what does not fit 64 bits is cut to the nearest that does. Empty text is the same as none.
fn integer(name: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return Err(ApiError::invalid(name, format!("{text:?} is not an integer")));
    }
    let nearest = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Ok(Some(text.parse().unwrap_or(nearest)))
}

/// Reads `true` or `false`; empty text is the same as none.
pub(super) fn flag(name: &str, text: Option<&str>) -> Result<Option<bool>, ApiError> {
    match text.unwrap_or_default() {
        "" => Ok(None),
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        other => Err(ApiError::invalid(name, format!("{other:?} is neither true nor false"))),
    }
}

/// Reads a comma list of state words; empty means all.
pub(super) fn words<T>(
    name: &str,
    text: Option<&str>,
    parse: fn(&str) -> Option<T>,
    known: &[&str],
) -> Result<Vec<T>, ApiError> {
    let parts = text
        .unwrap_or("")
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| {
            parse(part).ok_or_else(|| {
                let rule = format!("{part:?} is unknown, known are {}", known.join(", "));
                ApiError::invalid(name, rule)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: PageRule = PageRule { default: 10, max: 100 };

    #[test]
    fn a_flag_is_true_false_or_not_there() {
        assert_eq!(flag("x", Some("true")).ok(), Some(Some(true)));
        assert_eq!(flag("x", Some("false")).ok(), Some(Some(false)));
        assert_eq!(flag("x", Some("")).ok(), Some(None));
        assert_eq!(flag("x", None).ok(), Some(None));
        assert!(flag("x", Some("1")).is_err());
    }

    #[test]
    fn out_of_range_values_are_bent_and_other_words_refused() {
        let page = |limit, offset| RULE.read(limit, offset).map(|page| (page.limit, page.offset)).ok();
        assert_eq!(page(None, None), Some((10, 0)));
        assert_eq!(page(Some("0"), Some("-3")), Some((10, 0)));
        assert_eq!(page(Some("-1"), Some("")), Some((10, 0)));
        assert_eq!(page(Some("101"), Some("7")), Some((100, 7)));
        assert_eq!(
            page(Some("99999999999999999999999"), Some("99999999999")),
            Some((100, u32::MAX))
        );
        assert_eq!(page(Some("-99999999999999999999999"), None), Some((10, 0)));
        let lenient = RULE.read_leniently(Some("ten"), Some("3"));
        assert_eq!((lenient.limit, lenient.offset), (10, 3));
        let pages = |size, page| RULE.read_pages(size, page).ok();
        assert_eq!(pages(None, None), Some((10, 1)));
        assert_eq!(pages(Some("0"), Some("0")), Some((10, 1)));
        assert_eq!(pages(Some("101"), Some("-3")), Some((100, 1)));
        assert_eq!(pages(Some("7"), Some("99999999999")), Some((7, u32::MAX)));
        assert_eq!(pages(Some("x"), None), None);
        for bad in ["ten", "1.5", "1e3", "-", "0x10", " 1"] {
            assert_eq!(page(Some(bad), None), None, "{bad}");
            assert_eq!(page(None, Some(bad)), None, "{bad}");
        }
    }
}
