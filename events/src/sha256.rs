//! SHA-256 (FIPS 180-4), as `ring` has it: on a CPU without SHA instructions its vector code takes half the time of portable code, and every
//! event is hashed twice, by the turn that commits it and by audit.

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

/// The hash of the parts, one after the other.
pub(crate) fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; SHA256_OUTPUT_LEN] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; SHA256_OUTPUT_LEN];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hash_of_fips_180_whatever_the_parts() {
        let abc = [
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03,
            0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
        ];
        assert_eq!(sha256([&b"abc"[..]]), abc);
        assert_eq!(sha256([&b"a"[..], b"", b"bc"]), abc);
    }
}
