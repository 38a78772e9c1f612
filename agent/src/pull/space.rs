//! Whether an image has room on its node: what it needs, estimated from compressed sizes, against the kubelet's threshold.

/// A file system and what is promised of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Its size in bytes; 0 when unknown.
    pub capacity: u64,
    /// Bytes free.
    pub available: u64,
    /// Bytes that other pulls still need.
    pub promised: u64,
    /// Percent in use from which on the kubelet removes images.
    pub high: u32,
}

/// A layer as the node has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Have {
    /// Its compressed size in bytes.
    pub size: u64,
    /// Its blob is there.
    pub fetched: bool,
    /// It is unpacked: neither the blob nor anything else is needed.
    pub unpacked: bool,
}

/// Bytes that an image of unknown size needs for certain: it harms no disk but one that is at its threshold already.
pub const UNKNOWN: u64 = 1;

/// Bytes that an image needs, blobs and unpacked layers together, where only its compressed size is known.
#[must_use]
pub fn need(compressed: u64, factor: u32) -> u64 {
    compressed.saturating_mul(u64::from(factor))
}

/// The same where it is known which layers the node has.
#[must_use]
pub fn need_of(layers: &[Have], factor: u32) -> u64 {
    let of_one = |layer: &Have| match (layer.unpacked, layer.fetched) {
        (true, _) => 0,
        (false, true) => need(layer.size, factor.saturating_sub(1)),
        (false, false) => need(layer.size, factor),
    };
    layers.iter().fold(0, |sum, layer| sum.saturating_add(of_one(layer)))
}

/// Why an image that needs so many bytes must not be pulled; `None` when it may, and where the size of the disk is unknown.
#[must_use]
pub fn refused(need: u64, room: &Room) -> Option<String> {
    if room.capacity == 0 || need == 0 {
        return None;
    }
    let threshold = u128::from(room.capacity) * u128::from(room.high) / 100;
    let used = u128::from(room.capacity.saturating_sub(room.available));
    let after = used + u128::from(room.promised) + u128::from(need);
    (after > threshold).then(|| {
        let promised = match room.promised {
            0 => String::new(),
            bytes => format!(", {} promised to other pulls", size(bytes)),
        };
        let needed = match need {
            UNKNOWN => "the size of the image is unknown".to_owned(),
            bytes => format!("about {} are needed", size(bytes)),
        };
        format!(
            "not pulled: {needed}, and with {} of {} in use{promised} the image file system would be over the kubelet's {} %",
            size(room.capacity.saturating_sub(room.available)),
            size(room.capacity),
            room.high
        )
    })
}

/// A size for people.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn room(used: u64, promised: u64) -> Room {
        Room {
            capacity: 100 * GIB,
            available: (100 - used) * GIB,
            promised: promised * GIB,
            high: 85,
        }
    }

    #[test]
    fn the_threshold_may_be_reached_and_not_passed() {
        assert_eq!(refused(5 * GIB, &room(80, 0)), None);
        assert!(refused(5 * GIB + 1, &room(80, 0)).is_some_and(|why| why.contains("80.0 GiB of 100.0 GiB")));
        assert!(refused(3 * GIB, &room(80, 3)).is_some_and(|why| why.contains("3.0 GiB promised")));
        assert!(
            refused(UNKNOWN, &room(90, 0)).is_some_and(|why| why.contains("is unknown")),
            "it is over already"
        );
        assert_eq!(refused(UNKNOWN, &room(80, 0)), None);
        assert_eq!(refused(0, &room(90, 0)), None, "what needs nothing harms nobody");
        let unknown = Room {
            capacity: 0,
            ..room(0, 0)
        };
        assert_eq!(refused(GIB, &unknown), None);
        let never = Room {
            high: 100,
            ..room(80, 0)
        };
        assert_eq!(refused(20 * GIB, &never), None);
        assert!(refused(u64::MAX, &never).is_some());
    }

    #[test]
    fn what_is_there_is_not_needed_again() {
        let have = |fetched, unpacked| Have {
            size: 10,
            fetched,
            unpacked,
        };
        assert_eq!(need_of(&[have(false, false)], 3), 30);
        assert_eq!(need_of(&[have(true, false)], 3), 20);
        assert_eq!(need_of(&[have(true, true), have(false, true)], 3), 0);
        assert_eq!(need(10, 0), 0, "switched off");
        assert_eq!(need(u64::MAX, 3), u64::MAX);
    }
}
