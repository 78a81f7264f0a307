//! The name of an ICC profile. Nothing of the profile is believed: each offset and length is checked.

/// The description of a profile, in English or else in the first language that it has.
pub fn icc_description(profile: &[u8]) -> Option<String> {
    if profile.get(36..40)? != b"acsp" {
        return None;
    }
    let count = word(profile, 128)?.min(256);
    let tags = profile.get(132..)?.chunks_exact(12).take(count as usize);
    let tag = tags.into_iter().find(|tag| tag.starts_with(b"desc"))?;
    let (at, len) = (word(tag, 4)? as usize, word(tag, 8)? as usize);
    let tag = profile.get(at..at.checked_add(len)?)?;
    let text = match tag.get(..4)? {
        // Version 2: ASCII, whose length counts its NUL.
        b"desc" => {
            let len = word(tag, 8)? as usize;
            tag.get(12..12usize.checked_add(len)?)?.iter().map(|&b| char::from(b)).collect()
        }
        // Version 4: UTF-16 in several languages.
        b"mluc" => {
            let records = word(tag, 8)?.min(256) as usize;
            let records = tag.get(16..)?.chunks_exact(12).take(records);
            let record = records.clone().find(|record| record.starts_with(b"en")).or(records.clone().next())?;
            let (len, at) = (word(record, 4)? as usize, word(record, 8)? as usize);
            let units = tag.get(at..at.checked_add(len)?)?.as_chunks::<2>().0;
            String::from_utf16_lossy(&units.iter().map(|&b| u16::from_be_bytes(b)).collect::<Vec<_>>())
        }
        _ => return None,
    };
    let text = text.trim_end_matches('\0').trim();
    (!text.is_empty() && !text.contains('\0')).then(|| text.to_owned())
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A profile with one tag.
    fn profile(tag: &[u8]) -> Vec<u8> {
        let mut profile = vec![0; 128];
        profile[36..40].copy_from_slice(b"acsp");
        profile.extend(1u32.to_be_bytes());
        profile.extend(b"desc");
        profile.extend(144u32.to_be_bytes());
        profile.extend((tag.len() as u32).to_be_bytes());
        profile.extend(tag);
        profile
    }

    #[test]
    fn names_are_found_in_both_versions() {
        let old = profile(b"desc\0\0\0\0\0\0\0\x05sRGB\0\0\0\0");
        assert_eq!(icc_description(&old).as_deref(), Some("sRGB"));
        let new = profile(b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0CenUS\0\0\0\x04\0\0\0\x1C\0P\x003");
        assert_eq!(icc_description(&new).as_deref(), Some("P3"));
    }

    #[test]
    fn what_lies_outside_is_no_name() {
        let whole = profile(b"desc\0\0\0\0\0\0\0\x05sRGB\0\0\0\0");
        for len in 0..whole.len() - 4 {
            assert_eq!(icc_description(&whole[..len]), None, "{len}");
        }
        assert_eq!(icc_description(&profile(b"desc\0\0\0\0\xFF\xFF\xFF\xFFsRGB")), None);
    }
}
