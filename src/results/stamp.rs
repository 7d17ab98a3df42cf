//! New identifiers, and the time at which a file is made.

use sha2::{Digest, Sha256};

/// The source of the identifiers of files, and their time. The same seed gives the same identifiers, so files that are
/// made with one seed can refer to each other.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    seed: [u8; 16],
    seconds: u64,
}

impl Stamp {
    /// `seed`: 128 random bits. `seconds`: seconds since 1970, in UTC.
    pub fn new(seed: [u8; 16], seconds: u64) -> Self {
        Self { seed, seconds }
    }

    /// The DICOM identifier of an object named `what` (PS3.5 section B.2), under the common root for UUIDs.
    pub(super) fn uid(&self, what: &str) -> String {
        format!("2.25.{}", self.uuid(what))
    }

    /// The same identifier as a URN (RFC 9562).
    pub(super) fn urn(&self, what: &str) -> String {
        let hex = format!("{:032x}", self.uuid(what));
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        format!("urn:uuid:{}", parts.join("-"))
    }

    fn uuid(&self, what: &str) -> u128 {
        uuid_of(&[&self.seed[..], what.as_bytes()].concat())
    }

    /// The date, such as "20261130".
    pub(super) fn date(&self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}{month:02}{day:02}")
    }

    /// The time, such as "134501".
    pub(super) fn time(&self) -> String {
        let [hours, minutes, seconds] = self.clock();
        format!("{hours:02}{minutes:02}{seconds:02}")
    }

    /// Date and time, such as "2026-11-30T13:45:01Z".
    pub(super) fn instant(&self) -> String {
        let (year, month, day) = self.civil();
        let [hours, minutes, seconds] = self.clock();
        format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
    }

    fn clock(&self) -> [u64; 3] {
        [self.seconds / 3600 % 24, self.seconds / 60 % 60, self.seconds % 60]
    }

    /// Year, month and day in the Gregorian calendar. The calculation uses years that begin in March, so that a leap
    /// day is the last day of a year.
    fn civil(&self) -> (u64, u64, u64) {
        const FOUR_CENTURIES: u64 = 146_097;
        let days = self.seconds / 86_400 + 719_468; // since 1 March of the year 0
        let (era, day) = (days / FOUR_CENTURIES, days % FOUR_CENTURIES);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let in_month = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (400 * era + year + u64::from(month <= 2), month, in_month)
    }
}

/// The identifier of something that is the same for everybody, such as a model.
pub(super) fn uid_of(what: &str) -> String {
    format!("2.25.{}", uuid_of(what.as_bytes()))
}

/// A UUID of version 8 (RFC 9562 section 5.8), whose remaining bits are those of a SHA-256.
fn uuid_of(bytes: &[u8]) -> u128 {
    let digest = Sha256::digest(bytes);
    let bits = digest.iter().take(16).fold(0, |bits, &byte| bits << 8 | u128::from(byte));
    let (version, variant) = (0xF << 76, 0x3 << 62);
    bits & !(version | variant) | 0x8 << 76 | 0x2 << 62
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_dates() {
        for (seconds, instant) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_796_047_501, "2026-11-30T14:05:01Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            let stamp = Stamp::new([0; 16], seconds);
            assert_eq!(stamp.instant(), instant);
            assert_eq!(stamp.date(), instant[..10].replace('-', ""));
            assert_eq!(stamp.time(), instant[11..19].replace(':', ""));
        }
    }

    #[test]
    fn identifiers_are_uuids_of_version_8_and_fit() {
        let stamp = Stamp::new([7; 16], 0);
        let urn = stamp.urn("report");
        let uuid = urn.strip_prefix("urn:uuid:").unwrap();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "8"));
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        let number = u128::from_str_radix(&uuid.replace('-', ""), 16).unwrap();
        assert_eq!(stamp.uid("report"), format!("2.25.{number}"));
        assert!(stamp.uid("report").len() <= 64);
        assert_ne!(stamp.uid("report"), stamp.uid("study"));
        assert_ne!(stamp.uid("report"), Stamp::new([8; 16], 0).uid("report"));
    }
}
